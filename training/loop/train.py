"""One training loop for every method: warm-up, linear decay, averaged weights. Resumes to the same result.

Built on accelerate: `python -m training …` uses the CPU or one GPU, `accelerate launch -m training …` several.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGTERM
from types import MappingProxyType
from typing import Literal, NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from errors import ConfigError, DarkroomError
from training.loop import checkpoint as checkpoints
from training.loop.fingerprint import differences, fingerprints
from training.loop.interrupts import Stopped, ears
from training.loop.progress import Log
from training.loop.samples import Sheet
from training.loop.schedule import Schedule
from training.loop.setup import Setup


class Place(NamedTuple):
    """Where a training is: all that it leaves to chance depends on this alone."""

    seed: int
    step: int
    part: int  # of the step's batch

    def dice(self, stream: Literal[0, 4] = 0) -> torch.Generator:
        """Always the same numbers at one place; others in the other stream."""
        number = (self.seed * 1_000_003 + self.step) * 8 + self.part % 4 + stream
        return torch.Generator().manual_seed(number + self.part // 4 * 2_654_435_761)  # it takes 32 bits of that


NOTHING: Mapping[str, object] = MappingProxyType({})
LossAt = Callable[[nn.Module, Place], tuple[Tensor, int]]  # the mean loss of a part, and of how many pictures it is


def train(
    net: nn.Module,
    loss_at: LossAt,
    schedule: Schedule,
    checkpoint: Path,
    *,
    seed: int = 0,
    parts: int = 1,
    setup: Setup | None = None,
    sheet: Sheet | None = None,
    made_of: Mapping[str, object] = NOTHING,
    unused: bool = False,
) -> None:
    """Minimise the mean of `loss_at(net, place)` over a step's parts; leaves averaged weights in `net`, in eval mode.

    `loss_at` gets the net as accelerate prepared it, on its device, and takes all chance from the place: so a training
    that goes on from its checkpoint ends with the same weights, bit for bit on the same device. The processes share
    the parts, so how many there are changes nothing but the order of sums. `sheet` gets the net with averaged weights.
    `made_of` names what `loss_at` depends on beside the place: a checkpoint of anything else is refused.
    `unused`: the loss leaves some weights without a gradient.

    Raises Stopped after a signal, NotSaved, ConfigError, and DarkroomError if the loss is no number any more.
    """
    setup = setup or Setup()
    made = fingerprints({**made_of, "--seed": seed, "starting weights": net})
    training = Training(net, schedule, checkpoint, parts, setup, made, unused)
    with training.log.bar, Gradients(training, loss_at) as gradients, ears() as heard:
        while training.step < schedule.steps:
            loss, pictures = gradients.of(seed, training.step)
            training.update(loss, pictures)
            if sheet and setup.sheet_every and training.step % setup.sheet_every == 0:
                training.show(sheet)
            if training.told_to_stop(heard.number):
                training.save()
                raise Stopped(training.how_to_go_on(), heard.number or SIGTERM)  # 0: another process heard it
            if training.step % schedule.save_every == 0 or training.step == schedule.steps:
                training.save()
    training.finish()


class Training:
    """A net on its way: optimizer, averaged weights, and where it is."""

    def __init__(
        self,
        net: nn.Module,
        schedule: Schedule,
        path: Path,
        parts: int,
        setup: Setup,
        made: Mapping[str, str],
        unused: bool,
    ) -> None:
        self.schedule, self.path, self.parts, self.made = schedule, path, parts, dict(made)
        self.accelerator: Accelerator = setup.accelerator(path.parent, parts, unused)
        self.weights = [p for p in net.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(self.weights, lr=schedule.rate, betas=(0.9, 0.98), weight_decay=0.0)
        self.net, self.optimizer = self.accelerator.prepare(net.train(), optimizer)
        self.bare = net  # `self.net` may wrap it
        self.average = [p.detach().clone() for p in self.weights]
        self.step, losses = 0, []
        if setup.resume and (state := checkpoints.load(path, self.accelerator.device)):
            self.step, losses = self._adopt(state), state["losses"]
        # A tracker hides what it was told of steps after the checkpoint: they come again.
        kept = {"tensorboard": {"purge_step": self.step}}
        self.accelerator.init_trackers(path.stem, init_kwargs=kept)
        self.log = Log(self.accelerator, path.stem, self.step, schedule.steps, losses)

    def _adopt(self, state: checkpoints.State) -> int:
        try:
            self.bare.load_state_dict(state["net"])
            self.optimizer.load_state_dict(state["optimizer"])
            copy(state["average"], self.average)
            if self.accelerator.scaler and state["scaler"]:
                self.accelerator.scaler.load_state_dict(state["scaler"])
        except (RuntimeError, ValueError, KeyError) as error:  # torch: other names, other shapes
            raise ConfigError(
                f"{self.path} is of another net. Delete it to begin anew, or choose another --work."
            ) from error
        if changed := differences(state.get("made", {}), self.made):  # checkpoints before this was kept have none
            raise ConfigError(
                f"{self.path} was made with {' and '.join(changed)}. Train with the same to go on from there, "
                "begin anew with --no-resume, or choose another --work."
            )
        return int(state["step"])

    def save(self) -> None:
        if self.accelerator.is_main_process:
            scaler = self.accelerator.scaler
            state = {
                "net": self.bare.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average,
                "step": self.step,
                "made": self.made,
                "losses": self.log.losses,
                "scaler": scaler.state_dict() if scaler else None,
            }
            checkpoints.save(self.path, state)

    def update(self, loss: float, pictures: int) -> None:
        """One step of the optimizer by the gradients that the weights have."""
        rate = self.schedule.rate * self.schedule.factor(self.step)
        if not math.isfinite(loss):
            raise DarkroomError(
                f"{self.path.stem}: the loss is {loss} at step {self.step}. Start anew with a lower --rate."
            )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.accelerator.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        keep = min(self.schedule.average, self.step / (self.step + 10))  # diffusers' EMAModel counts from 9
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list(self.weights), 1 - keep)
        self.log.add(self.step, loss, pictures, rate)

    def show(self, sheet: Sheet) -> None:
        """A sheet of samples by the averaged weights; the others come back afterwards."""
        if self.accelerator.is_main_process:
            own = [p.detach().clone() for p in self.weights]
            copy(self.average, self.weights)
            self.bare.eval()
            with torch.no_grad():
                image = sheet(self.bare)
            self.bare.train()
            copy(own, self.weights)
            name = f"{self.path.stem}-{self.step:06d}.png"
            self.log.show(image, self.path.parent / "sheets" / name, self.step)

    def told_to_stop(self, signal: int) -> bool:
        """Whether any process was: all end after the same step."""
        if signal:
            self.accelerator.set_trigger()
        return bool(self.accelerator.check_trigger())

    def how_to_go_on(self) -> str:
        where = f"after step {self.step} of {self.schedule.steps}, which is saved in {self.path}"
        return f"{self.path.stem}: stopped {where}. The same command goes on from there."

    def finish(self) -> None:
        copy(self.average, self.weights)
        self.bare.eval()
        for tracker in self.accelerator.trackers:
            tracker.finish()
        self.accelerator.unwrap_model(self.net, keep_fp32_wrapper=False)  # its forward is its own again
        self.accelerator.free_memory()


class Gradients:
    """Of a step's parts that are this process's.

    On a CPU each has a thread: in small nets the operations are too short to be shared out themselves. Processes would
    do as well, but each would hold all stored pictures and take as long again to begin.
    """

    def __init__(self, training: Training, loss_at: LossAt) -> None:
        self.training, self.loss_at = training, loss_at
        accelerator, self.usual = training.accelerator, torch.get_num_threads()
        self.mine = range(accelerator.process_index, training.parts, accelerator.num_processes)
        alone = accelerator.device.type == "cpu" and accelerator.num_processes == 1
        cores = os.cpu_count() or 1
        self.threads = min(cores, training.parts) if alone else 1
        self.within = min(self.usual, cores // self.threads)  # an operation
        self.pool = ThreadPoolExecutor(self.threads)

    def __enter__(self) -> Gradients:
        torch.set_num_threads(self.within)
        return self

    def __exit__(self, *_: object) -> None:
        torch.set_num_threads(self.usual)
        self.pool.shutdown()

    def of(self, seed: int, step: int) -> tuple[float, int]:
        """Leave the mean gradient of all parts in the weights; tell its loss, and the pictures of all processes."""
        places = [Place(seed, step, part) for part in self.mine]
        found = self._by_threads(places) if self.threads > 1 else [self._backward(place) for place in places]
        loss, pictures = (sum(each) for each in zip(*found, strict=True))
        accelerator = self.training.accelerator
        if accelerator.num_processes == 1:
            return loss / self.training.parts, pictures
        told = accelerator.reduce(torch.tensor([loss / self.training.parts, pictures], device=accelerator.device))
        return float(told[0]), int(told[1])

    def _backward(self, place: Place) -> tuple[float, int]:
        accelerator, net = self.training.accelerator, self.training.net
        with accelerator.accumulate(net):
            with accelerator.autocast():  # teachers too, which are not prepared
                loss, pictures = self.loss_at(net, place)
            accelerator.backward(loss)
        return float(loss.detach()), pictures

    def _by_threads(self, places: list[Place]) -> list[tuple[float, int]]:
        """As `_backward` of each place, the gradients summed up in the order of the parts: sums depend on theirs."""
        weights, parts = self.training.weights, len(places)

        def gradients(place: Place) -> tuple[tuple[Tensor | None, ...], float, int]:
            with self.training.accelerator.autocast():
                loss, pictures = self.loss_at(self.training.net, place)
            return torch.autograd.grad(loss / parts, weights, allow_unused=True), float(loss.detach()), pictures

        found = []
        for own, loss, pictures in self.pool.map(gradients, places):
            for weight, gradient in zip(weights, own, strict=True):
                if gradient is not None:
                    weight.grad = gradient if weight.grad is None else weight.grad + gradient
            found.append((loss, pictures))
        return found


def copy(source: list[Tensor], target: list[nn.Parameter] | list[Tensor]) -> None:
    with torch.no_grad():
        for one, other in zip(target, source, strict=True):
            one.copy_(other)
