"""What a run's models took, worked out by hand."""

import pytest

from comparison.plan import Plan
from comparison.record import CellRecord, Measured, Picture, RunRecord, State
from comparison.summary import Mean, ModelSummary, change, mean, summaries

GPU, CPU = "NVIDIA H200, float16", "CPU AMD EPYC, float32"


def cell(number: int, row: int, model: str, seconds: float = 1.0, *, load: float = 0.0, **more: object) -> CellRecord:
    """A finished one: `seconds` are those of the picture itself."""
    quality = more.pop("quality", {})
    measured = {
        "download": 0.0,
        "load": load,
        "text": 0.1,
        "denoise": seconds - 0.2,
        "decode": 0.1,
        "total": seconds + load + float(more.get("download", 0.0)),  # type: ignore[arg-type]
        "seconds_per_step": (seconds - 0.2) / 20,
        "peak_memory_bytes": 1000,
        "parameters": 500,
        "steps": 20,
        "passes": 2,
        "device": GPU,
    }
    picture = Picture(file=f"{number}.png", width=8, height=8, sha256="", pixels_sha256="")
    return CellRecord(
        number=number, row=row, model=model, state=State.DONE, picture=picture,
        measured=Measured(**measured | more), quality=quality,  # type: ignore[arg-type]
    )  # fmt: skip


def run(*cells: CellRecord) -> RunRecord:
    models = tuple(dict.fromkeys(one.model for one in cells))
    plan = Plan(prompts=tuple("abcd"), models=models, seeds=(1,))
    titles = {model: model.upper() for model in models}
    return RunRecord(id="1", created=0.0, plan=plan, made_with={}, titles=titles, cells=cells)


def of(record: RunRecord, model: str, baseline: str | None = None) -> ModelSummary:
    return next(one for one in summaries(record, baseline) if one.model == model)


def test_a_load_or_download_does_not_count_as_the_picture() -> None:
    record = run(cell(0, 0, "a", 2.0, load=30.0, download=400.0), cell(1, 1, "a", 3.0), cell(2, 2, "a", 4.0))
    found = of(record, "a")
    assert found.seconds is not None
    assert found.load is not None
    assert found.total is not None
    assert (found.seconds.median, found.seconds.least, found.seconds.most, found.seconds.count) == (3.0, 2.0, 4.0, 3)
    assert (found.load.median, found.load.count) == (30.0, 1)
    assert found.total.most == 432.0
    assert found.title == "A"


def test_a_ratio_is_the_median_of_pairs_of_the_same_row() -> None:
    record = run(
        cell(0, 0, "big", 4.0, load=9.0, peak_memory_bytes=2000), cell(1, 1, "big", 8.0, peak_memory_bytes=2000),
        cell(2, 0, "small", 2.0, peak_memory_bytes=1040), cell(3, 1, "small", 5.0, peak_memory_bytes=1040),
    )  # fmt: skip
    against = of(record, "small", "big").against
    assert against is not None
    assert against.seconds is not None
    assert against.memory is not None
    assert (against.seconds.least, against.seconds.most, against.seconds.pairs) == (0.5, 0.625, 2)
    assert against.seconds.value == pytest.approx(0.5625)
    assert change(against.memory.value).share == pytest.approx(0.48)
    assert of(record, "big", "big").against is None
    assert of(record, "small").against is None


def test_a_row_that_one_of_them_lacks_does_not_count() -> None:
    record = run(cell(0, 0, "big", 4.0), cell(1, 1, "big", 400.0), cell(2, 0, "small", 2.0))
    against = of(record, "small", "big").against
    assert against is not None
    assert against.seconds is not None
    assert (against.seconds.value, against.seconds.pairs) == (0.5, 1)


def test_without_a_common_row_medians_are_compared_and_that_is_told() -> None:
    record = run(cell(0, 0, "big", 4.0), cell(1, 1, "small", 2.0))
    against = of(record, "small", "big").against
    assert against is not None
    assert against.seconds is not None
    assert (against.seconds.value, against.seconds.pairs) == (0.5, 0)


def test_pictures_of_two_machines_are_not_compared() -> None:
    record = run(cell(0, 0, "big", 4.0), cell(1, 0, "small", 2.0, device=CPU))
    against = of(record, "small", "big").against
    assert against is not None
    assert against.seconds is None


@pytest.mark.parametrize(("device", "told"), [(GPU, True), (CPU, False), ("Apple GPU, float16", False)])
def test_the_memory_of_the_whole_process_is_no_models(device: str, told: bool) -> None:
    record = run(cell(0, 0, "big", device=device, peak_memory_bytes=2000), cell(1, 0, "small", device=device))
    found = of(record, "small", "big")
    assert found.against is not None
    assert found.memory_is_process is not told
    assert (found.against.memory is not None) is told
    assert found.memory is not None


def test_what_failed_or_waits_is_counted_and_not_measured() -> None:
    failed = CellRecord(number=1, row=1, model="a", state=State.FAILED, error="no")
    waiting = CellRecord(number=2, row=2, model="a")
    found = of(run(cell(0, 0, "a"), failed, waiting), "a", "gone")
    assert (found.done, found.failed, found.left) == (1, 1, 1)
    assert found.against is not None
    assert found.against.seconds is None
    nothing = of(run(waiting), "a")
    assert (nothing.done, nothing.seconds, nothing.parameters, nothing.quality) == (0, None, None, {})


def test_quality_is_compared_row_by_row() -> None:
    record = run(
        cell(0, 0, "big", quality={"judge": 1.0, "clip": 0.3}), cell(1, 1, "big", quality={"judge": 0.5}),
        cell(2, 0, "small", quality={"judge": 0.75}),
    )  # fmt: skip
    found = of(record, "small", "big")
    assert found.against is not None
    assert found.quality["judge"] == Mean(0.75, None, 1)
    assert found.against.quality == {"judge": Mean(-0.25, None, 1)}
    assert list(of(record, "big").quality) == ["clip", "judge"]


def test_the_margin_of_a_mean_is_students() -> None:
    # Three degrees of freedom: 3.18 standard errors, of sqrt((0.01 + 0.01) / 3) / 2.
    found = mean([0.4, 0.5, 0.5, 0.6])
    assert found is not None
    assert (found.mean, found.margin) == pytest.approx((0.5, 3.18 * (0.02 / 3) ** 0.5 / 2))
    many = mean([0.0, 1.0] * 200)
    assert many is not None
    assert many.margin == pytest.approx(1.966 * (0.25 * 400 / 399) ** 0.5 / 20, rel=1e-3)
    assert mean([]) is None


@pytest.mark.parametrize(
    ("ratio", "kind", "factor", "share"),
    [(0.625, "less", 1.6, 0.375), (1.5, "more", 1.5, 0.5), (0.97, "same", 1 / 0.97, 0.03), (1.0, "same", 1.0, 0.0)],
)
def test_how_a_ratio_is_told(ratio: float, kind: str, factor: float, share: float) -> None:
    found = change(ratio)
    assert found.kind == kind
    assert (found.factor, found.share) == pytest.approx((factor, share))
