"""What the engine's thread does with the device: load, develop, and turn whatever goes wrong into a terminal event."""

from __future__ import annotations

import gc
import logging
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import errors
from generation.events import Cancelled, Failed, Finished, Terminal, Timings
from generation.job import Job
from generation.memory import Peak
from generation.pace import Pace
from generation.settings import Preview
from generation.task import Loan, Task
from models import storage
from models.device import Device, choose, out_of_memory
from models.progress import Downloading, Loading, Report
from models.registry import Registry
from models.spec import ModelSpec
from models.storage import State
from safety.gate import Gate
from safety.settings import Safeguard

if TYPE_CHECKING:  # load torch
    from models.checkpoint import Origin
    from models.loading import Loaded
    from models.residency import Residency

log = logging.getLogger(__name__)


class Worker:
    """Owns the device. All but `states`, `on_device`, `device` and `broken` is called from one thread alone."""

    def __init__(
        self,
        models: Registry,
        wanted: str,
        resident: int,
        warm_gb: float | None,
        preview: Preview,
        pace: Pace,
        safeguard: Safeguard = Safeguard(),  # noqa: B008 - frozen
    ) -> None:
        self.device: Device | None = None  # until `prepare` has looked
        self._models, self._wanted, self._resident, self._warm_gb = models, wanted, resident, warm_gb
        self._preview, self._pace, self._gate = preview, pace, Gate(safeguard)
        self._residency: Residency | None = None
        self.broken: Exception | None = None  # why there is no device
        self._on_device: tuple[str, ...] = ()

    def prepare(self) -> None:
        """Import what takes seconds and choose the device. What goes wrong is every job's failure."""
        try:
            import generation.denoise  # noqa: F401
            from generation.tiny_decoders import TinyDecoders
            from models.residency import Residency

            warnings.filterwarnings("ignore", "Should have t[ab]", module="torchsde")  # rounding in the 7th place
            device = choose(self._wanted)
            log.info("Device: %s. %s", device.label, device.reason)
            warm = None if self._warm_gb is None else int(self._warm_gb * 1e9)
            self._residency = Residency(self._models, device, resident=self._resident, warm_bytes=warm)
            self._decoders = TinyDecoders()
            self.device = device
        except Exception as error:
            log.error("There is no device to work on", exc_info=error)
            self.broken = error

    def arrive(self) -> None:
        """In a copy of the process that prepared and loaded: the device as it is here, with the models on it."""
        if self._residency is not None:
            self.device = choose(self._wanted)
            self._residency.arrive(self.device)

    def states(self) -> Mapping[str, State]:
        """How far each model is from being usable."""
        if self._residency is not None:
            return self._residency.states()
        there = {name: storage.on_disk(spec) for name, spec in self._models.items()}
        return {name: State.ON_DISK if it else State.TO_DOWNLOAD for name, it in there.items()}

    def on_device(self) -> list[str]:
        """The models there, the one used longest ago first."""
        return list(self._on_device)

    def run(self, job: Job) -> Terminal:
        """The job's terminal event, whatever happens."""
        try:
            return self._develop(job)
        except errors.Cancelled:
            return Cancelled(job.phase)
        except BaseException as error:  # an error ends here and nowhere else: it fails this job alone
            return self._failed(job, error)

    def _acquire(self, spec: ModelSpec, report: Report, origin: Origin | None = None) -> Loaded:
        assert self._residency is not None
        try:
            return self._residency.acquire(spec, report, origin)
        finally:
            known = self._residency.states()
            used = [*(name for name in self._on_device if name != spec.name), spec.name]
            self._on_device = tuple(name for name in used if known.get(name) is State.ON_DEVICE)

    def preload(self, spec: ModelSpec, report: Report) -> None:
        """Put a model onto the device for jobs to come."""
        try:
            if self._residency is not None:
                self._gate.opened(spec, self._residency.device, report)
                self._acquire(spec, report)
        except errors.Cancelled:
            return
        except Exception as error:  # whoever asks for the model will be told; nobody has
            log.warning("%s was not preloaded: %s", spec.name, error)
            self._let_go(error)

    def go_on(self, task: Task[Any]) -> bool:
        """Work on `task` until it lets others go first; whether it is over, by whatever end."""
        import torch

        try:
            if self._residency is None:
                assert self.broken is not None
                raise self.broken
            with torch.no_grad():
                return task.go_on(self._loan(task))
        except (errors.Cancelled, errors.DarkroomError) as error:
            task.fail(error)
            self._let_go(error)
        except BaseException as error:  # ends this task alone
            task.fail(_told(error))
            self._let_go(error)
        return True

    def _loan(self, task: Task[Any]) -> Loan:
        residency = self._residency
        assert residency is not None

        def without(act: Callable[[], None]) -> Callable[[], None]:
            def leave() -> None:
                act()
                self._on_device = ()

            return leave

        return Loan(
            device=residency.device,
            acquire=lambda spec, origin=None: self._acquire(spec, task.tell, origin),
            in_memory=lambda spec: residency.in_memory(spec.name),
            unload=without(residency.unload),
            free=without(residency.free),
            tell=task.tell,
        )

    def stop(self) -> None:
        """Leave the device."""
        if self._residency is not None:
            self._residency.free()

    def _develop(self, job: Job) -> Finished:
        from generation.denoise import Run
        from generation.preview import Previewer

        if self._residency is None:
            assert self.broken is not None
            raise self.broken
        request, started, there = job.request, time.perf_counter(), job.request.model in self.on_device()
        peak = Peak(self._residency.device)
        report = _Downloads(job.report)
        spec = self._models[request.model]
        examine = self._gate.opened(spec, self._residency.device, report)  # before gigabytes come for nothing
        loaded = self._acquire(spec, report)
        peak.loaded(self._residency.bytes_beside(request.model))
        previewer = Previewer(self._preview, job.preview, loaded, self._decoders, report)
        load = time.perf_counter() - started - report.seconds
        done = Run(loaded, request, previewer, job.report, self._pace.step(request), examine)()
        timings = Timings(
            download=report.seconds,
            load=load,
            text=done.text,
            denoise=done.denoise,
            decode=done.decode,
            total=time.perf_counter() - started,
            seconds_per_step=done.seconds_per_step,
        )
        self._pace.measured(request, timings, loaded=not there)
        return Finished(request, done.pictures, timings, peak.bytes(), loaded.device.label, done.notes)

    def _failed(self, job: Job, error: BaseException) -> Failed:
        failed = _explained(job, error)
        if not failed.expected:
            log.error("Job %s failed", job.id, exc_info=error)
        self._let_go(error)
        return failed

    def _let_go(self, error: BaseException) -> None:
        """Free what the failed work held: its tensors hang in the frames of the traceback. For want of memory, all."""
        scarce = out_of_memory(error)
        _clear(error)
        gc.collect()
        if scarce and self._residency is not None:
            self._gate.forget()
            try:
                self._residency.free()
            except Exception:  # of a device that is beyond help: the next job will say so, and this one has its end
                log.exception("Memory was not freed")
            self._on_device = ()


class _Downloads:
    """Hands on what is told, and adds up the seconds of the downloads: from their first report in a row to the last."""

    def __init__(self, report: Report) -> None:
        self.seconds = 0.0
        self._report = report
        self._since: float | None = None  # the last report; None: it was of something else

    def __call__(self, event: Downloading | Loading) -> None:
        now = time.perf_counter()
        if isinstance(event, Downloading):
            self.seconds += 0.0 if self._since is None else now - self._since
            self._since = now
        else:
            self._since = None
        self._report(event)


def _clear(error: BaseException | None) -> None:
    """Empty the frames of its traceback, and of those that it came from."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _told(error: BaseException) -> errors.DarkroomError:
    """What a borrower of the device is told of an error that is none of ours."""
    if out_of_memory(error):
        return errors.OutOfMemory("There was too little memory. End other programs that use the device.")
    log.error("Work on the device failed", exc_info=error)
    return errors.DarkroomError(errors.BROKE)


def _explained(job: Job, error: BaseException) -> Failed:
    if isinstance(error, errors.DarkroomError):
        return Failed(str(error), True, type(error).__name__)
    if out_of_memory(error):
        request = job.request
        message = (
            f"There was too little memory for {request.width}x{request.height} with {request.model}. "
            "Lower the width or the height, choose a smaller model, or end other programs that use the device."
        )
        return Failed(message, True, errors.OutOfMemory.__name__)
    return Failed(errors.BROKE, False, type(error).__name__)
