"""The A1111 door, used through the client that programs use for it."""

import base64
import json
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import webuiapi
from PIL import Image

from gallery.search import Search
from generation import infotext, samplers
from models.storage import State
from tests.a1111_server import SMALL, Asking, post, said
from tests.serving import LONG, Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until

ERROR = {"error", "detail", "body", "errors"}
INFO = {
    *("prompt", "all_prompts", "negative_prompt", "all_negative_prompts", "seed", "all_seeds", "subseed"),
    *("all_subseeds", "subseed_strength", "width", "height", "sampler_name", "cfg_scale", "steps", "batch_size"),
    *("restore_faces", "face_restoration_model", "sd_model_name", "sd_model_hash", "sd_vae_name", "sd_vae_hash"),
    *("seed_resize_from_w", "seed_resize_from_h", "denoising_strength", "extra_generation_params", "styles"),
    *("index_of_first_image", "infotexts", "job_timestamp", "clip_skip", "is_using_inpainting_conditioning"),
    "version",
}


@pytest.fixture(scope="module")
def server(checkpoints: Checkpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("deployment")
    with served(two_models(folder, checkpoints["sd"], preview={"per_second": 30}), folder / "outputs") as there:
        yield there


@pytest.fixture
def api(server: Served) -> Iterator[webuiapi.WebUIApi]:
    one = webuiapi.WebUIApi(baseurl=f"{server.url}/sdapi/v1")
    yield one
    one.interrupt()
    until(lambda: not server.engine.jobs())
    one.set_options({"sd_model_checkpoint": "tiny"})
    until(lambda: one.get_progress()["state"]["job_count"] == 0)
    one.session.close()


# Pictures


def test_pictures_with_their_seeds_and_recipes(api: webuiapi.WebUIApi) -> None:
    result = api.txt2img(prompt="a (red) circle", negative_prompt="blue", seed=7, batch_size=2, n_iter=2, **SMALL)
    assert [picture.size for picture in result.images] == [(64, 64)] * 4
    assert result.info["all_seeds"] == [7, 8, 9, 10]
    assert [said(picture)["seed"] for picture in result.images] == [7, 8, 9, 10]
    assert result.info["infotexts"] == [picture.info["parameters"] for picture in result.images]
    assert result.info["sampler_name"] == "Euler a"
    assert result.info["sd_model_name"] == said(result.image)["model"] == "tiny"
    assert (result.parameters["batch_size"], result.parameters["n_iter"]) == (2, 2)
    again = api.txt2img(prompt="a (red) circle", negative_prompt="blue", seed=9, **SMALL)
    assert again.json["images"][0] == result.json["images"][2]


def test_info_has_all_that_a1111_tells(server: Served) -> None:
    answer = post(server, "txt2img", prompt="a", seed=1).json()
    assert isinstance(answer["info"], str)
    assert set(json.loads(answer["info"])) >= INFO
    assert base64.b64decode(answer["images"][0], validate=True).startswith(b"\x89PNG")


def test_what_is_left_out_is_the_models_own(server: Served) -> None:
    answer = post(server, "txt2img", prompt="a", override_settings={"sd_model_checkpoint": "plain"}).json()
    info = json.loads(answer["info"])
    assert (info["width"], info["height"], info["steps"], info["negative_prompt"]) == (96, 96, 3, "blurry")
    assert info["comments"]  # words that it does not know
    assert "Sampler" in info["infotexts"][0]


def test_nulls_are_as_good_as_nothing_and_unknown_fields_too(server: Served) -> None:
    fields = ["steps", "cfg_scale", "sampler_name", "scheduler", "seed", "width", "s_tmax", "styles", "batch_size"]
    answer = post(server, "txt2img", prompt="a", **dict.fromkeys(fields), hr_additional_modules=[], forge_x={"a": 1})
    assert answer.status_code == 200
    assert "forge_x" not in answer.json()["parameters"]


def test_guidance_that_clients_always_send_is_ignored_where_there_is_none(api: webuiapi.WebUIApi) -> None:
    result = api.txt2img(
        prompt="a", width=96, height=96, steps=1, override_settings={"sd_model_checkpoint": "plain"}, cfg_scale=7
    )
    assert result.info["cfg_scale"] == 1.0
    assert "guidance_scale" not in said(result.image)


@pytest.mark.parametrize(
    ("name", "schedule", "meant"),
    [
        ("euler a", "Automatic", "Euler a"),
        ("k_dpmpp_2m", "KARRAS", "DPM++ 2M Karras"),
        ("DPM++ 2M Karras", "automatic", "DPM++ 2M Karras"),
        ("DDIM", "normal", "DDIM"),
        ("Default", "automatic", "Default"),
    ],
)
def test_samplers_however_they_are_called(api: webuiapi.WebUIApi, name: str, schedule: str, meant: str) -> None:
    result = api.txt2img(prompt="a", sampler_name=name, scheduler=schedule, **SMALL)
    base, type_ = samplers.split(meant)
    assert (result.info["sampler_name"], result.info["extra_generation_params"]["Schedule type"]) == (base, type_)


def test_pictures_are_kept_unless_that_is_not_wanted(api: webuiapi.WebUIApi, server: Served) -> None:
    assert server.keeper
    gallery = server.keeper.gallery
    api.txt2img(prompt="zebra", do_not_save_samples=True, seed=3, **SMALL)
    sent = api.txt2img(prompt="yak", send_images=False, seed=4, **SMALL)
    assert sent.images == []
    assert sent.info["all_seeds"] == [4]
    until(lambda: gallery.count(Search(words="yak")))  # they are saved one after another
    assert gallery.count(Search(words="zebra")) == 0


# What can't be had


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"width": 512, "height": 512}, "512x512 is 262144 pixels. tiny takes at most 65536; try 64x64"),
        ({"steps": 5000}, "Accepted are 1 to 1000"),
        ({"cfg_scale": 99}, "cfg_scale: Guidance scale is 99"),
        ({"batch_size": 8, "n_iter": 8}, "batch_size × n_iter: Count is 64"),
        ({"sampler_name": "Restart"}, "Sampler not found"),
        ({"sampler_name": "Euler a", "scheduler": "karras"}, "Its schedulers are: Automatic"),
        ({"scheduler": "karras"}, "no sampler is named"),
        ({"override_settings": {"sd_model_checkpoint": "dreamshaper"}}, "not on offer. Choose one of: tiny, plain"),
        ({"override_settings": {"sd_model_checkpoint": [[]]}}, "Give a text"),
        ({"override_settings": {"CLIP_stop_at_last_layers": 2}}, "CLIP_stop_at_last_layers is 2"),
        ({"override_settings": {"sd_vae": "other.safetensors"}}, "own VAE"),
        ({"enable_hr": True}, "no hires fix"),
        ({"restore_faces": True}, "can't be restored"),
        ({"tiling": True}, "tile"),
        ({"subseed_strength": 0.5}, "can't be mixed"),
        ({"seed_resize_from_w": 64}, "own size"),
        ({"s_churn": 3}, "no noise"),
        ({"s_noise": 1.1}, "not scaled"),
        ({"s_min_uncond": 1}, "never left out"),
        ({"refiner_checkpoint": "plain"}, "no refiners"),
        ({"firstpass_image": "aGk="}, "from another one"),
        ({"infotext": "a\nSteps: 3"}, "as fields"),
        ({"styles": ["photo"]}, "no styles"),
    ],
)
def test_what_can_not_be_had_is_refused_in_words(server: Served, fields: dict[str, Any], why: str) -> None:
    answer = post(server, "txt2img", prompt="a", **fields)
    assert answer.status_code == 400
    assert set(answer.json()) == ERROR
    assert why in answer.json()["detail"]
    assert answer.json()["errors"].startswith("400: ")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"script_name": "xyz"}, "Script 'xyz' not found"),
        ({"alwayson_scripts": {"ADetailer": {}}}, "always on script ADetailer not found"),
    ],
)
def test_scripts_are_refused_as_a1111_does_it(server: Served, fields: dict[str, Any], why: str) -> None:
    answer = post(server, "txt2img", prompt="a", **fields)
    assert answer.status_code == 422
    assert why in answer.json()["detail"]


@pytest.mark.parametrize("body", ['{"prompt": 3}', '{"prompt": "\\ud800"}', '{"eta": NaN}', "[]", '{"seed": 1e99}'])
def test_a_body_of_another_form(server: Served, body: str) -> None:
    url = f"{server.url}/sdapi/v1/txt2img"
    answer = httpx.post(url, content=body.encode(), headers={"Content-Type": "application/json"}, timeout=PATIENCE)
    assert answer.status_code == 422
    assert set(answer.json()["detail"][0]) == {"loc", "msg", "type"}


def test_half_a_character_comes_back_as_json(server: Served) -> None:
    body = b'{"prompt": "a", "alwayson_scripts": {"\\ud800": {}}}'
    url = f"{server.url}/sdapi/v1/txt2img"
    answer = httpx.post(url, content=body, headers={"Content-Type": "application/json"}, timeout=PATIENCE)
    assert answer.status_code == 422
    assert "not found" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["img2img", "extra-single-image", "extra-batch-images", "interrogate"])
def test_what_is_not_there_yet(server: Served, path: str) -> None:
    answer = post(server, path, image="")
    assert answer.status_code == 501
    assert "Only txt2img can be had" in answer.json()["detail"]


# Models


def test_a_model_is_chosen(api: webuiapi.WebUIApi, server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert api.util_get_model_names() == ["plain", "tiny"]
    assert api.util_get_current_model() == "tiny"
    api.util_set_model("Plain")
    api.util_wait_for_ready(check_interval=0.02)
    assert api.util_get_current_model() == "plain"
    assert server.engine.states()["plain"] is State.ON_DEVICE
    assert "plain" in capsys.readouterr().out
    result = api.txt2img(prompt="a", width=96, height=96, steps=1)
    assert said(result.image)["model"] == "plain"


def test_the_model_of_a_request_is_of_that_request_alone(api: webuiapi.WebUIApi) -> None:
    wanted = {"sd_model_checkpoint": "plain.safetensors [0123456789]"}
    fields: dict[str, Any] = {"prompt": "a", "width": 96, "height": 96, "steps": 1, "override_settings": wanted}
    assert api.txt2img(**fields).info["sd_model_name"] == "plain"
    assert api.util_get_current_model() == "tiny"
    api.txt2img(**fields, override_settings_restore_afterwards=False)
    assert api.util_get_current_model() == "plain"


def test_options_may_come_back_whole(api: webuiapi.WebUIApi, server: Served) -> None:
    options = api.get_options()
    assert "forge_preset" not in options
    options["sd_model_checkpoint"] = "plain"
    assert api.set_options(options) is None
    assert api.get_options() == options
    refused = post(server, "options", **(options | {"sd_model_checkpoint": "other"}))
    assert refused.status_code == 400
    assert set(refused.json()) == ERROR
    assert post(server, "options", samples_format="jpg").status_code == 400
    assert post(server, "options", unknown={"a": []}, outdir_samples="/tmp").status_code == 200
    assert api.get_options() == options


# A job under way


def test_progress_interrupt_and_what_was_made_so_far(api: webuiapi.WebUIApi, server: Served) -> None:
    assert api.get_progress()["state"]["job_count"] == 0
    body = {"prompt": "a", "force_task_id": "task(mine)", "batch_size": 2, **LONG}
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(post(server, "txt2img", **body)))
    thread.start()
    now = until(lambda: (it := api.get_progress())["current_image"] and it)
    assert 0 < now["progress"] < 1
    assert now["state"]["job_count"] == 2
    assert now["state"]["sampling_steps"] == LONG["steps"]
    assert now["eta_relative"] > 0
    assert now["current_task"] == "task(mine)"
    with Image.open(BytesIO(base64.b64decode(now["current_image"]))) as preview:
        assert preview.format == "JPEG"
    seen = httpx.post(f"{server.url}/internal/progress", json={"id_task": "task(mine)"}, timeout=PATIENCE).json()
    assert seen["active"]
    assert seen["live_preview"].startswith("data:image/jpeg;base64,")
    assert api.interrupt() == {}
    thread.join(60)
    assert answers[0].status_code == 200
    assert answers[0].json()["images"] == []
    assert json.loads(answers[0].json()["info"])["all_seeds"] == []
    assert api.get_progress()["state"]["job_count"] == 0
    over = httpx.post(f"{server.url}/internal/progress", json={"id_task": "task(mine)"}, timeout=PATIENCE).json()
    assert over["completed"]
    assert not over["active"]


def test_skip_ends_the_running_job_alone(api: webuiapi.WebUIApi, server: Served) -> None:
    long = Asking(api, **LONG)
    until(lambda: api.get_progress()["state"]["sampling_step"])
    short = Asking(api, **SMALL)
    until(lambda: len(server.engine.jobs()) == 2)
    pending = httpx.get(f"{server.url}/internal/pending-tasks", timeout=PATIENCE).json()
    assert pending["size"] == len(pending["tasks"]) == 1
    assert api.skip() is None
    long.join(60)
    short.join(60)
    assert (len(long.result.images), len(short.result.images)) == (0, 1)


def test_interrupt_ends_those_that_wait_too(api: webuiapi.WebUIApi, server: Served) -> None:
    asking = [Asking(api, **LONG), Asking(api, **LONG)]
    until(lambda: len(server.engine.jobs()) == 2)
    api.interrupt()
    for one in asking:
        one.join(60)
        assert one.result.images == []


def test_interrupt_leaves_alone_what_comes_from_another_door(api: webuiapi.WebUIApi, server: Served) -> None:
    job = server.engine.submit(server.engine.request({"prompt": "a", **LONG}))
    until(lambda: job.phase == "denoising")
    assert api.get_progress()["state"]["job_count"] == 0
    api.interrupt()
    api.skip()
    asking = Asking(api, **SMALL)
    until(lambda: len(server.engine.jobs()) == 2)
    assert not job.done
    job.cancel()
    asking.join(60)
    assert len(asking.result.images) == 1


def test_a_client_that_leaves_ends_its_job_and_no_other(api: webuiapi.WebUIApi, server: Served) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/sdapi/v1/txt2img", json={"prompt": "gone", **LONG}, timeout=0.5)
    stays = Asking(api, **SMALL)
    stays.join(60)
    assert len(stays.result.images) == 1
    until(lambda: not server.engine.jobs())


def test_who_comes_back_as_nobody_chooses_no_model(checkpoints: Checkpoints, tmp_path: Path) -> None:
    """Where everyone sees their own alone, and nobody has to say who they are."""
    with served(two_models(tmp_path, checkpoints["sd"], gallery={"private": True})) as there:
        api = webuiapi.WebUIApi(baseurl=f"{there.url}/sdapi/v1")
        refused = api.session.post(f"{api.baseurl}/options", json={"sd_model_checkpoint": "plain"})
        assert refused.status_code == 400
        assert "override_settings" in refused.json()["detail"]
        assert api.set_options(api.get_options()) is None
        fields: dict[str, Any] = {"width": 64, "height": 64, "steps": 1}
        fields["override_settings"] = {"sd_model_checkpoint": "plain"}
        made = api.txt2img(prompt="a", override_settings_restore_afterwards=False, **fields)
        assert made.info["sd_model_name"] == "plain"
        asking = Asking(api, **LONG)
        until(lambda: [job.phase for job in there.engine.jobs()] == ["denoising"])
        assert api.interrupt() == {}
        assert api.get_progress()["state"]["job_count"] == 0
        there.engine.jobs()[0].cancel()
        asking.join(60)
        api.session.close()


# The rest


def test_lists(api: webuiapi.WebUIApi) -> None:
    assert [it["name"] for it in api.get_samplers()] == list(samplers.BASES)
    assert {"name": "Euler a", "aliases": ["k_euler_a", "k_euler_ancestral"], "options": {}} in api.get_samplers()
    assert api.util_get_scheduler_names() == ["automatic", "beta", "exponential", "karras", "sgm_uniform"]
    assert set(api.get_sd_models()[0]) == {"title", "model_name", "hash", "sha256", "filename", "config"}
    assert "/" not in api.get_sd_models()[0]["filename"]
    assert [it["name"] for it in api.get_upscalers()] == ["None"]
    empty = (api.get_sd_vae, api.get_latent_upscale_modes, api.get_loras, api.get_hypernetworks, api.get_face_restorers)
    for asked in (*empty, api.get_realesrgan_models, api.get_prompt_styles):
        assert asked() == []
    assert api.get_scripts() == {"txt2img": [], "img2img": []}
    assert api.get_embeddings() == {"loaded": {}, "skipped": {}}
    assert isinstance(api.get_cmd_flags(), dict)


@pytest.mark.parametrize("path", ["/internal/ping", "/app_id", "/queue/status", "/sdapi/v1/sd-modules"])
def test_what_clients_ask_to_see_whether_it_is_there(server: Served, path: str) -> None:
    assert httpx.get(server.url + path, timeout=PATIENCE).status_code == 200


def test_memory_and_models_off_the_device(api: webuiapi.WebUIApi, server: Served) -> None:
    ram = api.get_memory()["ram"]
    assert ram["free"] + ram["used"] == ram["total"] > 0
    api.txt2img(prompt="a", **SMALL)
    assert post(server, "unload-checkpoint").json() == {}
    until(lambda: State.ON_DEVICE not in server.engine.states().values())
    assert post(server, "reload-checkpoint").json() == {}
    until(lambda: server.engine.states()["tiny"] is State.ON_DEVICE)
    assert api.refresh_checkpoints() is None


def test_a_picture_tells_how_it_was_made(api: webuiapi.WebUIApi, server: Served) -> None:
    picture = api.txt2img(prompt="a, b", seed=11, **SMALL)
    told = api.png_info(picture.image)
    assert told.info == picture.info["infotexts"][0]
    assert told.parameters["Prompt"] == "a, b"
    assert (told.parameters["Seed"], told.parameters["Size-1"], told.parameters["Size-2"]) == ("11", 64, 64)
    for image, why in (
        ("http://127.0.0.1/a.png", "no base64"),
        ("/etc/passwd", "no base64"),
        ("aGVsbG8=", "no picture"),
        ("", "empty"),
    ):
        answer = post(server, "png-info", image=image)
        assert answer.status_code == 400
        assert why in answer.json()["detail"]


def test_texts_of_a_picture_that_no_json_can_say(server: Served) -> None:
    text = 'a\nSteps: 2, Seed: 1, Sampler: Euler, Model: "\\ud800", Size: 64x64'
    content = infotext.png(Image.new("RGB", (8, 8)), text)
    told = post(server, "png-info", image="data:image/png;base64," + base64.b64encode(content).decode())
    assert told.status_code == 200
    assert told.json()["info"] == text
    assert told.json()["parameters"]["Model"] == "?"
