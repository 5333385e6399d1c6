"""The benchmark itself: a piece of work that borrows the device, model by model."""

from __future__ import annotations

import gc
import secrets
import time
import traceback
from collections.abc import Generator, Sequence
from datetime import datetime, timezone
from functools import partial

import errors
from generation.settings import Preview
from generation.task import Loan, Work
from generation.tiny_decoders import TinyDecoders
from measurement import machine, storage_reads
from measurement.earlier import seconds_before
from measurement.pace import Pace, modes, short
from measurement.pictures import Stepped, Taken, one, together
from measurement.plan import Plan, request
from measurement.record import ModelResult, Record
from measurement.samples import Samples
from models import random_weights
from models.checkpoint import Checkpoint
from models.device import Device, out_of_memory
from models.loading import Loaded
from models.progress import Report
from models.registry import Registry
from models.spec import ModelSpec

Turns = Generator[None, None, None]  # jobs of others go at each yield


def work(plan: Plan, models: Registry, preview: Preview, earlier: Sequence[Record] = ()) -> Work[Record]:
    """For Engine.borrow: tells Progress, and returns the record. `earlier`, newest first, serve the estimate alone."""

    def measuring(loan: Loan) -> Generator[None, None, Record]:
        run = _Benchmark(loan, plan, models, preview, earlier)
        yield from run.all()
        return run.record(complete=True)

    return measuring


class _Benchmark:
    """Measures one model after another, each with nothing else in memory."""

    def __init__(self, loan: Loan, plan: Plan, models: Registry, preview: Preview, earlier: Sequence[Record]) -> None:
        self._loan, self._plan, self._models, self._preview = loan, plan, models, preview
        self._id, self._started, self._since = secrets.token_hex(8), datetime.now(timezone.utc), time.perf_counter()
        self._busy, self._machine = machine.busy(), machine.look(loan.device)
        self._pace = Pace(plan, models, seconds_before(plan, models, self._machine, earlier))
        self._done: list[ModelResult] = []
        self._decoders = TinyDecoders()
        self._now: Samples | None = None
        self._told: Record | None = None  # as of the latest phase
        self._loaded: Loaded | None = None  # and warmed up
        self._noise: Checkpoint | None = None

    def record(self, complete: bool = False) -> Record:
        """What was measured so far."""
        now = () if self._now is None else (self._now.result(),)
        return Record(
            id=self._id,
            started=self._started.isoformat(timespec="seconds"),
            seconds=time.perf_counter() - self._since,
            complete=complete,
            busy=self._busy,
            machine=self._machine,
            plan=self._plan,
            preview=self._preview,
            models=(*self._done, *now),
        )

    def all(self) -> Turns:
        for name in self._plan.models:
            spec = self._models[name]
            mode = self._preview.mode if self._preview.mode in modes(self._plan, spec) else "linear"
            asked = request(self._plan, spec)
            if self._plan.random_weights:
                spec = spec.model_copy(update={"name": f"{name} (random weights)"})
            self._now = Samples(spec, asked, self._plan, mode)
            self._pace.begins(name)
            try:
                yield from self._model(self._now)
            except Exception as error:
                self._failed(self._now, error)
            self._leave()
            gc.collect()
            self._done.append(self._now.result())
            self._now = None

    def _failed(self, samples: Samples, error: Exception) -> None:
        """Note why this model can't be measured, so that the others are. Raises what is no such reason."""
        if isinstance(error, errors.Cancelled) or not (isinstance(error, errors.DarkroomError) or out_of_memory(error)):
            raise error
        samples.error = str(error) if isinstance(error, errors.DarkroomError) else "There was too little memory."
        traceback.clear_frames(error.__traceback__)

    def _leave(self) -> None:
        """Nothing of this model is to be in the next one's way."""
        self._loaded = self._noise = None
        self._decoders = TinyDecoders()
        self._loan.free()

    def _model(self, samples: Samples) -> Turns:
        self._leave()
        if self._plan.random_weights:
            samples.note("random")
        if self._loan.device.kind == "cpu":
            samples.note("on_cpu")
        self._tell("load")
        samples.on(self._acquire(samples))  # what comes once, such as a download and imports, is not measured
        yield
        yield from self._loads(samples)
        yield from self._pictures(samples)
        yield from self._batches(samples)

    def _loads(self, samples: Samples) -> Turns:
        for round_ in range(1, self._plan.rounds + 1):
            if not self._plan.random_weights:
                self._tell("cold_load", round_=round_)
                self._cold(samples)
                self._pace.did("cold_load")
                yield
            self._tell("warm_load", round_=round_)
            self._warm(samples)
            self._pace.did("warm_load")
            yield
        if samples.from_disk and max(samples.from_disk) < 0.5:
            samples.note("cache")

    def _cold(self, samples: Samples) -> None:
        self._leave()
        storage_reads.forget(samples.spec)
        before, started = storage_reads.read(), time.perf_counter()
        self._acquire(samples)
        samples.cold.append(time.perf_counter() - started)
        after, total = storage_reads.read(), storage_reads.total(samples.spec)
        if before is not None and after is not None and total:
            samples.from_disk.append(min(1.0, (after - before) / total))

    def _warm(self, samples: Samples) -> None:
        self._acquire(samples)
        self._loan.unload()
        if not self._loan.in_memory(samples.spec):
            samples.note("not_warm")
            return
        started = time.perf_counter()
        self._acquire(samples)
        samples.warm.append(time.perf_counter() - started)

    def _pictures(self, samples: Samples) -> Turns:
        """Each way of previewing once a round, beginning with another one each time."""
        there = modes(self._plan, samples.spec)
        if "taesd" in self._plan.previews and "taesd" not in there:
            samples.note("no_taesd")
        for round_ in range(1, self._plan.rounds + 1):
            at = (round_ - 1) % len(there)
            for mode in (*there[at:], *there[:at]):
                loaded = self._warmed_up(samples)
                stepped = self._steps("picture", mode, round_)
                taken = one(loaded, samples.request, self._preview, mode, self._decoders, stepped)
                samples.pictures[mode].append(taken)
                self._pace.did("picture", taken.seconds)
                yield

    def _batches(self, samples: Samples) -> Turns:
        sizes = list(self._plan.batches)
        for round_ in range(1, self._plan.rounds + 1):
            at = (round_ - 1) % max(1, len(sizes))
            for size in (*sizes[at:], *sizes[:at]):
                try:
                    self._batch(samples, size, round_)
                except Exception as error:
                    if not out_of_memory(error):
                        raise
                    traceback.clear_frames(error.__traceback__)
                    sizes.remove(size)
                    samples.batches[size].clear()
                    samples.note("batch_memory", str(size))
                    self._leave()
                    gc.collect()
                self._pace.did("batch", times=size)
                yield

    def _batch(self, samples: Samples, size: int, round_: int) -> None:
        loaded = self._warmed_up(samples)
        if not samples.batches[size]:
            self._tell("warm_up")
            together(loaded, short(samples.request), size, self._steps("warm_up"))
        stepped = self._steps("batch", str(size), round_)
        samples.batches[size].append(together(loaded, samples.request, size, stepped))

    def _warmed_up(self, samples: Samples) -> Loaded:
        """The model on the device, where a first picture has been made since it came there."""
        loaded = self._acquire(samples)
        if loaded is not self._loaded:
            previews = modes(self._plan, samples.spec)
            taken: Taken | None = None
            for mode in previews:
                made = one(loaded, short(samples.request), self._preview, mode, self._decoders, self._steps("warm_up"))
                taken = taken or made
            samples.warm_up = samples.warm_up or taken
            if taken is not None:
                self._pace.guessed(taken, samples.request)
            self._loaded = loaded
        return loaded

    def _acquire(self, samples: Samples) -> Loaded:
        if not self._loan.in_memory(samples.spec):
            self._noise = None  # its nets are gone
        loaded = self._loan.acquire(samples.spec, self._random if self._plan.random_weights else None)
        _wait(self._loan.device)
        return loaded

    def _random(self, spec: ModelSpec, device: Device, report: Report) -> Checkpoint:
        """Built once, as to describe its nets takes longer than to load them."""
        self._noise = self._noise or random_weights.checkpoint(spec, device, report)
        return self._noise

    def _steps(self, phase: str, detail: str = "", round_: int = 0) -> Stepped:
        assert self._now is not None
        return partial(self._tell, phase, detail, round_)

    def _tell(self, phase: str, detail: str = "", round_: int = 0, step: int = 0) -> None:
        """After each step too, within what is timed: so only a new phase describes everything again."""
        assert self._now is not None
        if self._told is None or step <= 1:
            self._told = self.record()
        self._loan.tell(self._pace.progress(phase, detail, round_, step, self._now.request, self._told))


def _wait(device: Device) -> None:
    """Until the device has done all it was given."""
    if device.kind == "cuda":
        import torch

        torch.cuda.synchronize()
