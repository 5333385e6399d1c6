"""Between the decoder and whoever is to see a picture: every one passes here that has to be examined."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Union

from errors import ModelUnavailable
from models.device import Device
from models.progress import Report
from models.spec import ModelSpec
from safety.settings import Safeguard

if TYPE_CHECKING:  # load Pillow and torch
    from PIL import Image

    from safety.checker import SafetyChecker
    from safety.withheld import Withheld

RETRY_SECONDS = 60.0  # not every job is to wait for a hub that does not answer
Examine = Callable[["Image.Image"], Union["Withheld", None]]  # what is shown in place of a picture; None: it is shown


class Gate:
    """Has the safety checker as soon as a picture needs it. For the thread that owns the device."""

    def __init__(self, safeguard: Safeguard) -> None:
        self._safeguard = safeguard
        self._checker: SafetyChecker | None = None
        self._failed: tuple[float, ModelUnavailable] | None = None  # when, and why

    def opened(self, spec: ModelSpec, device: Device, report: Report) -> Examine | None:
        """What examines pictures of the model; None: they need none.

        Raises ModelUnavailable where they do and it can't be had, or what `report` raises.
        """
        if not self._safeguard.examines(spec):
            return None
        try:
            checker = self._checker = self._checker or self._loaded(device, report)
        except ModelUnavailable as error:
            raise ModelUnavailable(
                f"Pictures of {spec.title} are shown here only after a safety check, which is not to be had now: "
                f"{error} Until then choose a model that needs no check."
            ) from error

        from safety.withheld import stand_in

        def examine(picture: Image.Image) -> Withheld | None:
            return stand_in(picture, self._safeguard.policy) if checker.flags(picture) else None

        return examine

    def forget(self) -> None:
        """Free its memory."""
        self._checker = None

    def _loaded(self, device: Device, report: Report) -> SafetyChecker:
        from safety.checker import SafetyChecker

        if self._failed and time.monotonic() - self._failed[0] < RETRY_SECONDS:
            raise self._failed[1]
        if self._safeguard.checker is None:
            raise ModelUnavailable("config.yaml names no safety.checker.")
        try:
            return SafetyChecker(self._safeguard.checker, device, report)
        except ModelUnavailable as error:
            self._failed = (time.monotonic(), error)
            raise
