"""What the jobs of an engine come to, as Prometheus reads it; the route is in operation.py.

Its own registry: several servers in one process count apart. The labels are bounded, by the models on offer and by
the words below.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from generation import memory
from generation.engine import Engine
from generation.events import TERMINAL, Developed, Event, Failed, Finished, Queued
from generation.job import Job
from models.progress import Loading

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)  # a text encoder's to a download's
PHASES = ("download", "load", "text", "denoise", "decode")  # fields of Timings


@dataclass
class _Way:
    """A job that is not over."""

    queued: float  # on the monotonic clock
    begun: bool = False
    loaded: bool = False


class Metrics:
    """Counts from its making on."""

    def __init__(self, engine: Engine) -> None:
        self._registry = CollectorRegistry()
        self._jobs = self._counter("jobs", "Jobs that are over.", "model", "outcome")
        self._pictures = self._counter("pictures", "Pictures that were developed.", "model")
        self._switches = self._counter("model_loads", "Times that a job had its model put onto the device.", "model")
        self._refused = self._counter("refused_requests", "HTTP requests that were not let in.", "reason")
        self._phases = Histogram(
            "darkroom_phase_seconds",
            "Where the time of finished jobs went; queue: of all that began.",
            ("model", "phase"),
            registry=self._registry,
            buckets=SECONDS,
        )
        self._registry.register(_Now(engine))
        ProcessCollector(registry=self._registry)
        self._ways: dict[str, _Way] = {}
        self._lock = threading.Lock()
        engine.listen(self.hear)

    def text(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)

    def refused(self, reason: str) -> None:
        """Count a request that was not let in."""
        self._refused.labels(reason).inc()

    def hear(self, job: Job, event: Event) -> None:
        """What a job tells."""
        model = job.request.model
        with self._lock:
            way = self._ways.setdefault(job.id, _Way(time.monotonic()))
            if isinstance(event, TERMINAL):
                del self._ways[job.id]
        if isinstance(event, Loading) and not way.loaded:
            way.loaded = True
            self._switches.labels(model).inc()
        if not isinstance(event, (Queued, *TERMINAL)) and not way.begun:
            way.begun = True
            self._phases.labels(model, "queue").observe(time.monotonic() - way.queued)
        if isinstance(event, Developed):
            self._pictures.labels(model).inc()
        if isinstance(event, TERMINAL):
            self._over(model, event)

    def _over(self, model: str, event: Event) -> None:
        self._jobs.labels(model, _outcome(event)).inc()
        if isinstance(event, Finished):
            for phase in PHASES:
                if seconds := getattr(event.timings, phase):  # 0: there was none
                    self._phases.labels(model, phase).observe(seconds)

    def _counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"darkroom_{name}", said, labels, registry=self._registry)


def _outcome(event: Event) -> str:
    """finished, cancelled, failed for what the user was told, or broken for a fault of ours."""
    if isinstance(event, Failed):
        return "failed" if event.expected else "broken"
    return type(event).__name__.lower()


class _Now(Collector):
    """What is looked at when somebody asks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> list[Metric]:
        """Nothing before it is asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Queue, models and memory at the moment."""
        now = self._engine.standing()
        yield GaugeMetricFamily("darkroom_jobs_running", "Jobs that have the device.", now.running)
        yield GaugeMetricFamily("darkroom_jobs_waiting", "Jobs in the queue.", now.waiting)
        models = GaugeMetricFamily("darkroom_model_on_device", "1: it is there.", labels=("model",))
        for name in self._engine.models:
            models.add_metric((name,), float(name in now.models))
        yield models
        yield self._memory()

    def _memory(self) -> Metric:
        family = GaugeMetricFamily("darkroom_memory_bytes", "In use, of all that there is.", labels=("of", "kind"))
        told = memory.told(self._engine.device())
        for of, said in (("host", told["ram"]), ("device", told["cuda"].get("system", {}))):
            for kind in ("used", "total"):
                if kind in said:
                    family.add_metric((of, kind), float(said[kind]))
        return family
