"""One request on one loaded pipeline, told as events. Everything here runs in the thread that owns the device."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import diffusers
import torch
from PIL import Image

from errors import GenerationFailed
from generation import infotext, prompts, samplers
from generation.estimate import Estimate
from generation.events import Decoding, Developed, Encoding, Event, Frame, Picture, Step
from generation.picture import decode
from generation.preview import Previewer
from generation.request import GenerationRequest
from generation.veil import Veil
from models.loading import Loaded
from safety.gate import Examine
from safety.settings import Kind, note

Report = Callable[[Event], None]  # may raise errors.Cancelled


@dataclass(frozen=True)
class Outcome:
    """What came of a request, and where its time went in seconds."""

    pictures: tuple[Picture, ...]
    text: float
    denoise: float
    decode: float
    seconds_per_step: float  # median
    notes: tuple[str, ...]


class Run:
    """The making of one request's pictures, one after another so that each can be made again alone."""

    def __init__(
        self,
        loaded: Loaded,
        request: GenerationRequest,
        previewer: Previewer,
        report: Report,
        step_seconds: float = 0.0,
        examine: Examine | None = None,
    ) -> None:
        self._loaded, self._request, self._previewer, self._report = loaded, request, previewer, report
        self._expected = step_seconds  # as measured before; 0: unknown
        self._examine = examine  # None: the pictures need none
        self._veil: Veil | None = None  # over the picture that is under way
        self._steps: list[float] = []  # seconds each
        self._notes: list[str] = []
        self._pipeline = copy.copy(loaded.pipeline)  # what a run changes of it, such as the scheduler, stays in the run
        self._clock = _Clock(loaded.device.kind)

    @torch.no_grad()
    def __call__(self) -> Outcome:
        self._report(Encoding(0))
        started = time.perf_counter()
        text = prompts.encode(self._pipeline, self._loaded.spec, self._request)
        self._clock.wait()
        encoded = time.perf_counter() - started
        pictures: list[Picture] = []
        denoise = decoded = 0.0
        for index in range(self._request.count):
            started = time.perf_counter()
            latents = self._denoise(index, text.arguments)
            between = time.perf_counter()
            picture = self._picture(index, latents)
            pictures.append(picture)
            denoise, decoded = denoise + between - started, decoded + time.perf_counter() - between
            unveiled = self._veil.lifted() if self._veil and not picture.withheld else ()
            self._report(Developed(picture, unveiled))
        notes = tuple(dict.fromkeys([*text.notes, *self._notes, *self._previewer.notes]))
        return Outcome(tuple(pictures), encoded, denoise, decoded, statistics.median(self._steps), notes)

    def _denoise(self, index: int, text: dict[str, Any]) -> torch.Tensor:
        """The final latents of picture `index`, (1, channels, h, w) in float32."""
        request, seed = self._request, self._request.seed + index
        scheduler = samplers.scheduler(request.sampler, self._loaded.scheduler_config, seed=seed, steps=request.steps)
        estimate = Estimate(scheduler, self._pipeline.unet.dtype)
        self._pipeline.scheduler = scheduler
        self._veil = Veil() if self._examine else None
        generator = torch.Generator("cpu").manual_seed(seed)  # on the CPU: the same noise on every device
        self._tell(index, 0)
        self._clock.start()
        latents: torch.Tensor = self._pipeline(
            height=request.height,
            width=request.width,
            num_inference_steps=request.steps,
            guidance_scale=1.0 if request.guidance_scale is None else request.guidance_scale,
            guidance_rescale=self._loaded.spec.guidance_rescale,
            generator=generator,
            latents=self._noise(generator),
            output_type="latent",
            callback_on_step_end=lambda pipeline, i, t, tensors: self._stepped(index, i, estimate),
            **text,
        ).images
        if not bool(latents.isfinite().all()):  # waits for the device as well
            raise GenerationFailed(
                f"The numbers left the range of {self._loaded.device.dtype} while denoising: there is no picture. "
                "Lower the guidance scale or a word's weight, or choose another sampler or seed."
            )
        while (frame := self._previewer.next_frame(wait=True)) is not None:
            self._tell(index, request.steps, frame)
        return latents

    def _noise(self, generator: torch.Generator) -> torch.Tensor:
        """In float32 whatever the net's precision: a schedule may start at sigma 4096, where half is far too coarse."""
        scale = self._pipeline.vae_scale_factor
        channels = self._pipeline.unet.config.in_channels
        return torch.randn(
            (1, channels, self._request.height // scale, self._request.width // scale), generator=generator
        )

    def _stepped(self, index: int, evaluation: int, estimate: Estimate) -> dict[str, Any]:
        """The pipeline is done with `evaluation` (from 0) of the net; a step may take two."""
        scheduler = self._pipeline.scheduler
        ahead = max(0, len(scheduler.timesteps) - self._request.steps * scheduler.order)  # of PLMS: it warms up
        last = evaluation == len(scheduler.timesteps) - 1
        done, half = divmod(max(0, evaluation + 1 - ahead), scheduler.order)
        if last or (done and not half):
            self._steps.append(self._clock.lap())
            if self._previewer.wants():
                self._previewer.see(index, self._request.steps if last else done, estimate.x0())
            self._tell(index, self._request.steps if last else done, self._previewer.next_frame())
        return {}

    def _tell(self, index: int, done: int, frame: Frame | None = None) -> None:
        if self._veil and frame:
            frame = self._veil.over(frame)
        total = self._request.steps
        each = statistics.fmean(self._steps[-20:]) if self._steps else self._expected
        left = (self._request.count - index) * total - done
        self._report(Step(index, done, total, each, left * each, frame))

    def _picture(self, index: int, latents: torch.Tensor) -> Picture:
        self._report(Decoding(index))
        image = decode(self._pipeline, self._loaded.spec, latents)
        withheld = self._examine(image) if self._examine else None
        if withheld:
            self._notes.append(note(withheld.kind))
            return self._finished(index, withheld.image, withheld.kind)
        return self._finished(index, image)

    def _finished(self, index: int, image: Image.Image, withheld: Kind | None = None) -> Picture:
        request = self._request.model_copy(update={"seed": self._request.seed + index, "count": 1})
        scheduler = self._loaded.scheduler_config["_class_name"]
        more = self._made_with() | ({"Withheld": withheld} if withheld else {})
        text = infotext.write(request, self._loaded.spec, scheduler, more)
        return Picture(index, request.seed, image.width, image.height, infotext.png(image, text), text, withheld)

    def _made_with(self) -> dict[str, str]:
        device = self._loaded.device
        return {"Precision": device.dtype, "Device": device.name, "Pipeline": f"diffusers {diffusers.__version__}"}


class _Clock:
    """Times steps. On CUDA it keeps the CPU one step ahead of the device and no more: a cancel is heard in time."""

    def __init__(self, kind: str) -> None:
        self._cuda = kind == "cuda"
        self._mark: Any = None  # end of the step before
        self._since = 0.0

    def start(self) -> None:
        self._mark, self._since = None, time.perf_counter()

    def lap(self) -> float:
        """Seconds since the lap before."""
        if self._cuda:
            before, self._mark = self._mark, torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._mark.record()
            if before is not None:
                before.synchronize()
        now = time.perf_counter()
        took, self._since = now - self._since, now
        return took

    def wait(self) -> None:
        """Until the device has done all it was given."""
        if self._cuda:
            torch.cuda.synchronize()
