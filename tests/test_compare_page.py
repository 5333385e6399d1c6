"""The tab where models are compared as plain functions: what is asked, what the views say and escape."""

import re
from typing import Any

import pytest

from comparison.difference import difference
from comparison.forecast import Forecast
from comparison.ranking import ranking
from comparison.record import RunRecord, State, Verdict
from comparison.summary import Against, Ratio
from comparison.votes import Outcome, Pair, Vote
from errors import InvalidRequest
from tests.made_runs import HOSTILE, Made
from ui.compare import asked, closeup, grid, views, vote
from ui.texts import TEXTS

WORDS = TEXTS["en"]
NOTHING: dict[str, Any] = dict.fromkeys(asked.CONTROLS, "")
PROMPTS = ("a lighthouse", "a fox")


def held(**values: Any) -> dict[str, Any]:
    return NOTHING | {"prompts": "a cat", "models": "big\nsmall", "seeds": "7"} | values


def shown(run: RunRecord) -> str:
    return grid.grid(run, views.heads(run, run.plan.models[0], WORDS), WORDS)


# What the controls hold


def test_prompts_are_lines_and_each_is_asked_for_once() -> None:
    plan = asked.plan(held(prompts=" a cat\n\na dog \r\na cat\n"))
    assert (plan.prompts, plan.models, plan.seeds) == (("a cat", "a dog"), ("big", "small"), (7,))
    assert (plan.steps, plan.guidance_scales, plan.samplers, plan.negative_prompt) == ((None,), (None,), (None,), None)


def test_axes_are_lists_of_numbers_and_seeds_ranges_too() -> None:
    plan = asked.plan(held(seeds="3, 5-7 9", steps="10;20", guidance_scales="1.5 3", samplers=["Euler"], width="64"))
    assert plan.seeds == (3, 5, 6, 7, 9)
    assert (plan.steps, plan.guidance_scales, plan.samplers) == ((10, 20), (1.5, 3.0), ("Euler",))
    assert (plan.width, plan.height) == (64, None)


def test_without_a_seed_one_is_drawn() -> None:
    drawn = {asked.plan(held(seeds=text)).seeds for text in ("", "-1") for _ in range(3)}
    assert len(drawn) == 6
    assert all(len(seeds) == 1 and seeds[0] >= 0 for seeds in drawn)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"prompts": " \n"}, "no prompt"),
        ({"prompts": None}, "no prompt"),
        ({"models": ""}, "No model is chosen"),
        ({"seeds": "7, x"}, "Seed has 'x'"),
        ({"seeds": "9-3"}, "no range"),
        ({"seeds": "0-4294967295"}, "no range"),
        ({"steps": "2.5"}, "Steps has '2.5'"),
        ({"guidance_scales": "nan"}, "Guidance scale has 'nan'"),
        ({"width": "64 128"}, "Width has 2 values"),
        ({"prompts": "\n".join(map(str, range(1001)))}, "At most 1000"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(said)):
        asked.plan(held(**values))


# Before the start


def test_the_forecast_tells_pictures_loads_downloads_and_what_is_not_known() -> None:
    found = Forecast(6, ((5, "plain takes none"),), 2, 4_465_671_506, None, 12.0, ("small",))
    html = views.forecast(found, {"small": "Small <one>"}, WORDS)
    told = "6 pictures · 2 models to load · 4.47 GB to download · about 12.0 s · nothing measured yet for"
    assert f"{told} Small &lt;one&gt;" in html
    assert "Not possible: 1. plain takes none" in html
    assert views.forecast(Forecast(1, (), 0, 0, 0.0, 0.0, ()), {}, WORDS) == "<p>1 picture</p>"


# The grid


def test_a_row_for_each_setting_and_a_column_for_each_model() -> None:
    html = shown(Made(*PROMPTS, seeds=(7, 8), steps=(10, 20)).record)
    assert html.count('<figure class="cell"') == 2 * 2 * 2 * 2
    assert html.count('<h3 class="said">') == 2
    assert [text in html for text in ("Seed 7 · Steps 10", "Seed 8 · Steps 20")] == [True, True]
    assert html.count('<div class="head">') == 2


def test_what_does_not_vary_is_not_repeated_but_the_seed() -> None:
    html = shown(Made(steps=(10,)).record)
    assert "Seed 7<" in html
    assert "Steps 10" not in html


@pytest.mark.parametrize("state", list(State))
def test_every_state_of_a_cell_is_told(state: State) -> None:
    made = Made()
    bare = {} if state is State.DONE else {"picture": None, "measured": None}
    run = made.changed(0, state=state, error="it broke" if state is State.FAILED else None, **bare)
    html = shown(run)
    assert f'data-cell="0" data-state="{state.value}"' in html
    assert ('data-pick="0"' in html) == (state is State.DONE)
    assert ("it broke" in html) == (state is State.FAILED)
    going = state in (State.WAITING, State.RUNNING)
    assert ('data-act="stop-cell" data-cell="0"' in html) == going
    assert ('data-act="stop-model" data-model="big"' in html) == going


def test_under_a_picture_stands_what_it_took_and_behind_a_button_all_of_it() -> None:
    run = Made().record
    told = dict(grid.facts(run.cells[0], WORDS))
    assert told["Seed"] == "7"
    assert {"Load", "Text", "Denoise", "Decode", "Total", "Per step", "Passes per step", "Peak memory"} <= told.keys()
    assert {"Parameters", "Device", "Sampler", "Size", "Steps"} <= told.keys()
    measured = run.cells[0].measured
    assert measured is not None
    on_cpu = run.cells[0].model_copy(update={"measured": measured.model_copy(update={"device": "CPU A, float32"})})
    assert {"Peak memory", "Peak memory of the whole process"} & dict(grid.facts(on_cpu, WORDS)).keys() == {
        "Peak memory of the whole process"
    }
    html = shown(run)
    assert html.count('popovertarget="details-0"') == html.count('id="details-0"') == 1


def test_a_replayed_picture_says_how_it_came_out() -> None:
    made = Made()
    assert "byte-identical" in shown(made.changed(0, verdict=Verdict(same="bytes", width=32, height=32, full=True)))
    other = Verdict(same="nothing", mean=1.234, psnr=30.0, width=32, height=32, full=True)
    assert "differs: 1.23 / 255" in shown(made.changed(0, verdict=other))
    assert (
        "1 of 1 byte-identical"
        in views.status(
            made.changed(0, verdict=Verdict(same="bytes", width=32, height=32, full=True)), None, WORDS
        ).figures
    )


def test_a_model_is_told_beside_the_baseline() -> None:
    run = Made(*PROMPTS).record
    big, small = views.heads(run, "big", WORDS).values()
    assert "baseline" in big
    assert "<b>1.6×</b> faster" in small
    slower, is_baseline = views.heads(run, "small", WORDS).values()
    assert "1.6× slower" in slower
    assert "<b>" not in slower
    assert "baseline" in is_baseline


@pytest.mark.parametrize(
    ("seconds", "memory", "told"),
    [
        (0.625, 0.52, "<b>1.6×</b> faster, <b>48 %</b> less memory"),
        (2.0, 1.3, "2× slower, 30 % more memory"),
        (1.01, 1.0, "as fast"),
    ],
)
def test_a_ratio_is_told_in_words(seconds: float, memory: float, told: str) -> None:
    ratios = [Ratio(value, value, value, 3) for value in (seconds, memory)]
    beside = Against(baseline="big", seconds=ratios[0], memory=ratios[1], parameters=None, quality={})
    assert views.against(beside, WORDS) == told


def test_the_menu_has_every_model_and_the_baseline_is_chosen() -> None:
    html = views.bar(Made().record, "small", None, None, WORDS)
    assert '<option value="small" selected>' in html
    assert '<option value="big">' in html
    assert 'data-act="clip"' not in html
    assert "1.71 GB to download" in views.bar(Made().record, "small", 1_710_000_000, None, WORDS)


def test_one_model_alone_has_no_baseline_and_no_vote() -> None:
    html = views.bar(Made(models=("big",)).record, "big", None, None, WORDS)
    assert "<select" not in html
    assert 'data-act="vote"' not in html
    assert "sheet.png" in html


# Looking closely


def test_two_pictures_have_a_heat_map_or_a_reason_why_not() -> None:
    made = Made(*PROMPTS)
    cells = (made.record.cells[0], made.record.cells[2])
    files = [made.read(cell.picture.file) for cell in cells if cell.picture]
    html = closeup.pair(made.record, cells, difference(*files), 1, WORDS)
    assert f"compare/{made.record.id}/difference/0000/0002.png" in html
    assert "PSNR" in html
    assert "no difference" in closeup.pair(made.record, cells, "no difference", 1, WORDS)


def test_strips_are_as_wide_as_their_part_of_the_way() -> None:
    html = closeup.strips(Made(frames=5).record, 0, 1, WORDS)
    parts = [float(part) for part in re.findall(r'data-part="([0-9.]+)"', html)]
    assert parts == [step / 20 for step in range(1, 6)] * 2
    assert html.count('type="range"') == 1


# The vote


def test_a_ballot_names_nobody() -> None:
    run = Made().record
    html = vote.ballot(run, Pair(0, 0, 1), 3, 5, WORDS)
    plain = re.sub("blind/[0-9a-f]{32}", "", html)  # random names may hold any digits
    for telling in ("Big", "Small", "0000", "0001", "big", "small"):
        assert telling not in plain
    names = re.findall(r"blind/([0-9a-f]{32})\.png", html)
    assert [vote.unblinded(run, name) for name in names] == ["0000.png", "0001.png"]
    assert vote.unblinded(run, "0" * 32) is None


def test_the_ranking_names_all_with_intervals_and_what_was_chosen() -> None:
    run = Made().record
    votes = [Vote(run.id, 0, "big", "small", outcome, 0.0) for outcome in (Outcome.RIGHT, Outcome.RIGHT, Outcome.TIE)]
    html = vote.result(run, ranking(votes, ["big", "small", "idle"]), votes, run.titles, False, 1, WORDS)
    assert re.findall(r'<th scope="row">(\w+)', html) == ["Small", "Big", "idle"]
    assert html.count('class="interval"') == 2
    assert "<b>Small</b> › Big" in html
    assert "2 – 1 – 0" in html
    assert "Every pair is voted on" in html


# What users wrote appears as they wrote it


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_html_is_escaped_wherever_it_is_shown(texts: dict[str, str]) -> None:
    made = Made(HOSTILE, models=(HOSTILE, "small"), frames=3)
    run = made.failed(0, HOSTILE).model_copy(update={"titles": {HOSTILE: HOSTILE, "small": "Small"}})
    done = made.changed(0, notes=(HOSTILE,)).model_copy(update={"titles": {HOSTILE: HOSTILE, "small": "Small"}})
    ratings = ranking([Vote(run.id, 0, HOSTILE, "small", Outcome.LEFT, 0.0)])
    voted = [Vote(run.id, 0, HOSTILE, "small", Outcome.LEFT, 0.0)]
    for html in (
        *(grid.grid(one, views.heads(one, "small", texts), texts) for one in (run, done)),
        views.bar(done, HOSTILE, None, HOSTILE, texts),
        views.earlier([done], "", texts),
        closeup.pair(done, (done.cells[0], done.cells[1]), HOSTILE, 1, texts),
        closeup.strips(done, 0, 1, texts),
        vote.ballot(done, Pair(0, 0, 1), 0, 1, texts),
        vote.result(done, ratings, voted, done.titles, True, 1, texts),
        grid.live(done, 0, HOSTILE, HOSTILE),
        views.unready(HOSTILE),
    ):
        assert "<img src=x" not in html
        assert "<script" not in html
        assert "&lt;img src=x" in html
