"""The page's parts as plain functions: what they say, what they escape, what they keep."""

import inspect
import re
import string
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import gradio as gr
import pytest

import config
from colours import DARK, LIGHT
from comparison.runs import Runs
from errors import InvalidRequest
from gallery.gallery import Gallery
from gallery.keeper import Keeper
from generation.engine import Engine
from generation.events import (
    Cancelled,
    Decoding,
    Developed,
    Encoding,
    Event,
    Failed,
    Finished,
    Frame,
    Picture,
    Queued,
    Silent,
    Step,
    Timings,
)
from generation.request import GenerationRequest
from generation.samplers import SAMPLERS
from models.progress import Downloading, Loading
from models.registry import registry
from models.storage import State
from studio import Studio
from tests.published import SPECS
from tests.requested import requested
from ui import stage, views
from ui.cards import cards
from ui.controls import Bench, fitted
from ui.figures import parameters, seconds, size
from ui.frames import thinned
from ui.handlers import Acts, refusals_shown
from ui.layout import WORDS, build
from ui.recipe import preset, presets, switched
from ui.screen import Screen
from ui.server import launch_options
from ui.status import status
from ui.texts import TEXTS, language
from ui.visit import KEPT, Run, Shot, find, with_run
from ui.wiring import FIELDS

ROOT = Path(__file__).parents[1]
MODELS = registry(config.load(ROOT / "config.yaml").models)
HOSTILE = "<img src=x onerror=\"alert(1)\"> **bold** & 'quoted'"
REQUEST = requested(
    prompt=HOSTILE, model="mini-sd", steps=20, guidance_scale=5.0, width=256, height=256, seed=7, sampler="Default"
)
PICTURE = Picture(index=0, seed=7, width=256, height=256, png=b"", infotext="")
RUN = Run(
    job=HOSTILE,
    request=REQUEST,
    shots=(Shot(0, 7, 256, 256, "/tmp/a b.png"),),
    ended="finished",
    timings=Timings(load=0.5, text=0.01, denoise=1.2, decode=0.1, total=1.9, seconds_per_step=0.06),
    peak_memory_bytes=1_234_000_000,
    device="CPU, float32",
    notes=(HOSTILE,),
)
EVENTS: tuple[Event, ...] = (
    Queued(0, None),
    Queued(1, 3.0),
    Queued(4, 90.0),
    Downloading("mini-sd", "unet/model.safetensors", 5_000_000, 20_000_000),
    Loading("mini-sd", "unet", 2, 5),
    Encoding(0),
    Step(0, 5, 20, 0.06, 0.9),
    Decoding(0),
    Developed(PICTURE),
    Silent(600.0),
    Finished(REQUEST, (PICTURE,), Timings(total=1.9), 0, "CPU"),
    Failed("it broke", True, "GenerationFailed"),
    Cancelled("denoising"),
)


# Texts


def test_every_language_has_every_text_with_the_same_places_to_fill() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for texts in TEXTS.values():
        assert list(texts) == list(WORDS)
        assert {key: places(text) for key, text in texts.items()} == {key: places(text) for key, text in WORDS.items()}
        assert all(text.strip() for text in texts.values())


def test_every_text_is_used() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "ui").rglob("*.py") if path.stem != "texts")
    computed = re.compile(
        "time_|deleted_|restored_|tagged_|turn_|finished|failed|cancelled|name|width|height|score_|"
        "compare_(speed|memory|parameters)_|words_|.*_(one|count)$|(vote|verdict|phase|figure|note|withheld)_|closeup_(slider|side|difference)"
    )
    unused = [key for key in WORDS if not computed.match(key) and not re.search(f"""["']{key}["']""", source)]
    assert unused == []


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-US", "en"),
        ("fr-FR,de;q=0.5", "de"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_browsers_first_language_that_we_speak_is_taken(accepted: str | None, tag: str) -> None:
    assert language(accepted) == tag


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_has_a_status_line_in_every_language(event: Event) -> None:
    lines = {tag: status(event, REQUEST, "Mini SD", texts) for tag, texts in TEXTS.items()}
    assert all(0 <= line.part <= 1 for line in lines.values())
    assert len({line.phase for line in lines.values()}) == len(TEXTS)
    assert all("{" not in line.html() for line in lines.values())


def test_the_status_tells_steps_time_and_which_of_several_pictures() -> None:
    line = status(Step(1, 5, 20, 0.5, 12.0), REQUEST.model_copy(update={"count": 4}), "Mini SD", WORDS)
    assert line.figures == ["picture 2 of 4", "step 5 of 20", "0.50 s a step", "12.0 s left"]
    assert line.part == (1 + 5 / 20) / 4


def test_the_status_tells_bytes_of_a_download() -> None:
    line = status(Downloading("x", "unet.safetensors", 1_250_000_000, 5_000_000_000), REQUEST, "SDXL", WORDS)
    assert line.figures == ("1.25 GB / 5.00 GB", "unet.safetensors")
    assert line.part == 0.25
    assert line.phase == "Downloading x"  # not the model, but something for it
    line = status(Downloading("mini-sd", "", 0, 0), REQUEST, "Mini SD", WORDS)
    assert (line.phase, line.figures) == ("Downloading Mini SD", ())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0451, "45 ms"),
        (1.256, "1.26 s"),
        (12.34, "12.3 s"),
        (61.0, "61 s"),
        (200.0, "3 min 20 s"),
        (3900.0, "1 h 05 min"),
    ],
)
def test_durations(value: float, shown: str) -> None:
    assert seconds(value, WORDS) == shown


def test_figures_follow_the_language() -> None:
    assert size(4_465_671_506, WORDS) == "4.47 GB"
    assert size(4_465_671_506, TEXTS["de"]) == "4,47 GB"
    assert parameters(2_232_708_820, TEXTS["de"]) == "2,23 B"


# What users wrote appears as they wrote it


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_html_in_a_prompt_is_escaped_wherever_it_is_shown(texts: dict[str, str]) -> None:
    frame = Frame(0, 1, b"jpeg")
    shown = [
        stage.developing(RUN, frame, texts),
        stage.finished(RUN, RUN.shots[0], texts),
        stage.developing(replace(RUN, request=REQUEST.model_copy(update={"count": 3})), frame, texts),
        views.result(RUN, RUN.shots[0], texts),
        views.history((RUN,), None, texts),
        views.examples(MODELS["mini-sd"].model_copy(update={"examples": (HOSTILE,)}), texts),
        views.masthead(HOSTILE, texts),
        cards({"x": MODELS["mini-sd"].model_copy(update={"title": HOSTILE, "good_at": HOSTILE})}, {}, texts),
        status(Downloading("x", HOSTILE, 1, 2), REQUEST, HOSTILE, texts).html(),
    ]
    for html in shown:
        assert "<img src=x" not in html
        assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; **bold** &amp; &#x27;quoted&#x27;" in html


def test_a_refusal_becomes_a_toast_that_shows_html_literally() -> None:
    with pytest.raises(gr.Error, match="&lt;b&gt;bad&lt;/b&gt;"), refusals_shown(WORDS):
        raise InvalidRequest("Model is '<b>bad</b>'.", "model")


def test_a_fault_of_ours_is_logged_and_not_explained(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(gr.Error, match="log of the server"), refusals_shown(WORDS):
        raise KeyError("secret")
    assert "KeyError: 'secret'" in caplog.text


# The controls


def test_the_controls_are_the_fields_of_a_request_in_order() -> None:
    fields = list(GenerationRequest.model_fields)
    assert list(FIELDS) == fields
    assert list(Bench._fields[: len(fields)]) == fields
    assert list(inspect.signature(Acts.generate).parameters)[1 : 1 + len(fields)] == fields


def test_a_switch_of_the_model_takes_the_new_ones_defaults() -> None:
    mini, ssd = MODELS["mini-sd"], MODELS["ssd-1b"]
    values = {
        "steps": 20,
        "guidance_scale": 3.0,
        "width": 128,
        "height": 128,
        "sampler": "Default",
        "negative_prompt": "",
    }
    assert switched(mini, ssd, values) == {
        "steps": 30,
        "guidance_scale": 9.0,
        "width": 1024,
        "height": 1024,
        "sampler": "Default",
        "negative_prompt": "ugly, blurry, poor quality",
    }


def test_a_switch_keeps_what_the_user_set_where_it_is_still_allowed() -> None:
    sd, deci = MODELS["stable-diffusion-v1-4"], MODELS["decidiffusion-v1-0"]
    values = {"steps": 12, "guidance_scale": 3.5, "sampler": "Euler", "negative_prompt": "fog"}
    kept = switched(sd, deci, {**values, "width": 640, "height": 448})
    assert kept == {**values, "width": 640, "height": 448}
    off = switched(sd, deci, {**values, "width": 648, "height": 448})  # DeciDiffusion needs multiples of 64
    assert (off["width"], off["height"]) == (512, 512)


def test_a_switch_drops_what_is_not_allowed_any_more_and_guidance_where_there_is_none() -> None:
    ssd, mini = MODELS["ssd-1b"], MODELS["mini-sd"]
    values = {
        "steps": 140,
        "guidance_scale": 20.0,
        "sampler": "Euler",
        "negative_prompt": "",
        "width": 1152,
        "height": 896,
    }
    held = switched(ssd, mini, values)
    assert (held["steps"], held["guidance_scale"], held["width"], held["height"]) == (20, 3.0, 128, 128)
    none = switched(ssd, mini.model_copy(update={"guidance_scale": None}), {**values, "guidance_scale": 2.0})
    assert none["guidance_scale"] is None


def test_where_guidance_is_distilled_there_is_no_negative_prompt_and_the_page_says_why() -> None:
    ssd, distilled = MODELS["ssd-1b"], SPECS["distilled"]
    values = {"steps": 5, "guidance_scale": 4.0, "sampler": "Heun", "negative_prompt": "fog", "width": 8, "height": 8}
    held = switched(ssd, distilled, values)
    assert (held["steps"], held["guidance_scale"], held["sampler"], held["negative_prompt"]) == (5, 4.0, "Default", "")
    for texts in TEXTS.values():
        bench = fitted(distilled, held, texts)
        assert (bench.negative_prompt.interactive, bench.negative_prompt.info) == (False, texts["negative_prompt_none"])
        assert bench.guidance_scale.info == texts["guidance_distilled"]
        assert [value for value, _ in bench.sampler.choices] == ["Default", "DDIM", "Euler"]
        back = fitted(ssd, switched(distilled, ssd, held), texts)
        assert (back.negative_prompt.interactive, back.negative_prompt.info, back.guidance_scale.info) == (True, "", "")
        assert len(back.sampler.choices) == len(SAMPLERS)


@pytest.mark.parametrize("odd", [None, "20", float("nan")])
def test_a_switch_survives_an_emptied_or_odd_field(odd: object) -> None:
    ssd, mini = MODELS["ssd-1b"], MODELS["mini-sd"]
    fields = ("steps", "guidance_scale", "width", "height")
    held = switched(ssd, mini, {**dict.fromkeys(fields, odd), "sampler": "Default", "negative_prompt": ""})
    assert (held["steps"], held["guidance_scale"], held["width"]) == (20, 3.0, 128)


def test_presets_name_the_models_sizes() -> None:
    mini = MODELS["mini-sd"]
    assert presets(mini)[0] == preset(mini, 128, 128) == "128 × 128"
    assert preset(mini, 192, 128) is None


# The visit


def test_a_visit_keeps_each_run_once_and_the_newest_first() -> None:
    older, newer = replace(RUN, job="a"), replace(RUN, job="b")
    visit = with_run(with_run(with_run((), older), newer), replace(older, ended="failed"))
    assert [run.job for run in visit] == ["a", "b"]
    assert find(visit, "a") == replace(older, ended="failed")
    assert find(visit, "c") is None
    for number in range(KEPT + 5):
        visit = with_run(visit, replace(RUN, job=str(number)))
    assert len(visit) == KEPT


def test_a_long_film_strip_is_thinned_from_the_first_to_the_last_step() -> None:
    frames = [Frame(0, step, b"") for step in range(1, 101)]
    kept = thinned(frames, 40)
    assert len(kept) == 40
    assert (kept[0].step, kept[-1].step) == (1, 100)
    assert thinned(frames[:20], 40) == frames[:20]


def test_the_result_gives_the_file_its_seed_and_its_times() -> None:
    html = views.result(RUN, RUN.shots[0], WORDS)
    assert 'href="gradio_api/file=/tmp/a%20b.png" download="darkroom-7.png"' in html
    for told in ("0.50 s", "10 ms", "1.20 s", "1.23 GB", "CPU, float32", "Use again"):
        assert told in html
    assert "<dt>Download</dt>" not in html


def test_a_download_is_told_where_there_was_one() -> None:
    assert RUN.timings is not None
    run = replace(RUN, timings=replace(RUN.timings, download=62.0))
    assert "<dt>Download</dt><dd>62 s</dd>" in views.result(run, run.shots[0], WORDS)


def test_several_pictures_are_a_contact_sheet_that_fills() -> None:
    request = REQUEST.model_copy(update={"count": 4})
    run = replace(RUN, request=request, ended="")
    html = stage.developing(run, Frame(1, 3, b"jpeg"), WORDS)
    assert html.count("<li>") == 4
    assert html.count("data-act") == 1  # the finished one can be chosen
    assert html.count("data:image/jpeg") == 1
    assert "--columns:2" in html


def test_a_card_says_what_the_model_is_good_at_its_size_state_licence_and_restrictions() -> None:
    for spec in MODELS.values():
        html = cards({spec.name: spec}, {spec.name: State.TO_DOWNLOAD}, WORDS)
        assert f'type="radio" name="model" value="{spec.name}"' in html
        for told in (spec.title, spec.licence.url, spec.licence.name, "to download"):
            assert told in html
        assert ("Use restrictions" in html) == (spec.licence.restrictions is not None)
        assert ("<details" in html) == spec.vocabulary
        assert ("Guidance is an input" in html) == (spec.guidance == "distilled")
        assert ("Sampler: " in html) == (spec.samplers is not None)
    words = cards({"mini-sd": MODELS["mini-sd"]}, {}, WORDS)
    assert "<dt>Shapes</dt><dd>circle, cross, diamond, heart, ring, shape, square, star, triangle</dd>" in words


# Looks and doors


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours #rrggbb."""

    def luminance(colour: str) -> float:
        channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_contrasts_are_wcag_aa(colours: dict[str, str]) -> None:
    for ink, ground in product(("ink", "dim", "accent", "error"), ("room", "wall", "field")):
        assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for surface in ("lamp", "lamp_hover"):
        assert contrast(colours["on_lamp"], colours[surface]) >= 4.5, surface
    for mark, ground in product(("edge", "lamp", "accent"), ("room", "wall", "field")):
        assert contrast(colours[mark], colours[ground]) >= 3, (mark, ground)


def test_the_doors_that_are_not_needed_are_shut() -> None:
    options = launch_options(Studio(Engine(MODELS, default_model="mini-sd")))
    for door in ("enable_monitoring", "show_error", "ssr_mode", "pwa", "mcp_server", "run_history"):
        assert options[door] is False
    assert options["footer_links"] == []
    assert options["max_file_size"] == "1b"
    assert "allowed_paths" not in options
    assert "favicon_path" not in options


def test_importing_the_page_loads_no_torch() -> None:
    code = "import sys, ui.layout, ui.server; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"torch", "diffusers", "transformers", "compel"} == set()
    assert list((ROOT / "ui").glob("*.pyi")) == []  # gradio writes one beside a module that derives from its components


def test_screen_and_bench_name_each_component_once() -> None:
    assert len({*Screen._fields, *Bench._fields}) == len(Screen._fields) + len(Bench._fields)


def test_nothing_but_tabs_stands_among_the_tabs(tmp_path: Path) -> None:
    engine = Engine(MODELS, default_model="mini-sd")
    page = build(Studio(engine, Keeper(Gallery(tmp_path / "kept")), Runs(engine, tmp_path / "compared")))
    (tabs,) = (block for block in page.blocks.values() if isinstance(block, gr.Tabs))
    assert {type(child) for child in tabs.children} == {gr.Tab}  # else gradio shows the tab behind it twice
