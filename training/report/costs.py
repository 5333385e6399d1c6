"""What a picture costs: parameters, multiply–adds, passes of the U-Net, seconds. All counted or measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.ratio import Costs, measured
from models.loading import Loaded
from training.report.minis import Mini, Setting, called


@dataclass(frozen=True)
class Counted:
    """Of one model."""

    unet_parameters: int
    parameters: int
    multiply_adds: int  # of one pass for one picture
    passes_per_step: int
    passes: int  # of one picture at the defaults


def counted(loaded: Loaded, prompt: str, setting: Setting) -> Counted:
    """By making a picture, and another in one step under torch's counter."""
    unet = loaded.pipeline.unet
    with _rows(unet) as rows:
        called(loaded, [prompt], setting)
    passes = sum(rows)
    with _rows(unet) as rows, FlopCounterMode(display=False) as counter:
        called(loaded, [prompt], replace(setting, steps=1))
    operations = sum(counter.get_flop_counts()[type(unet).__name__].values())
    nets = [part for part in loaded.pipeline.components.values() if isinstance(part, nn.Module)]
    return Counted(
        unet_parameters=_parameters(unet),
        parameters=sum(map(_parameters, nets)),
        multiply_adds=operations // 2 // sum(rows),
        passes_per_step=sum(rows),
        passes=passes,
    )


@contextmanager
def _rows(unet: nn.Module) -> Iterator[list[int]]:
    """How many latents each call of the net is given: with guidance two for a picture."""
    found: list[int] = []

    def note(_net: nn.Module, given: tuple[Any, ...]) -> None:
        found.append(len(given[0]))

    handle = unet.register_forward_pre_hook(note)
    try:
        yield found
    finally:
        handle.remove()


def _parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seconds(models: Sequence[tuple[Mini, Loaded]], rounds: int, tell: Callable[[str], None]) -> Costs:
    """Of a picture of each mini at its defaults, by name: in turns, so that a busy machine slows all of them alike."""
    cases = {mini.name: _picture(mini, loaded) for mini, loaded in models}
    return measured(cases, rounds, tell)


def _picture(mini: Mini, loaded: Loaded) -> Callable[[], object]:
    prompts = mini.world.prompts(1)
    return lambda: called(loaded, prompts, mini.default)
