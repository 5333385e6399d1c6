"""The A1111 door, asked exactly what Open WebUI, SillyTavern and cyanic-sd-krita ask, in their order.

Sources: open-webui backend/open_webui/routers/images.py, SillyTavern src/endpoints/stable-diffusion.js and
public/scripts/extensions/stable-diffusion/index.js, cyanic-sd-krita cyanic/sdapi_v1.py and cyanic/widgets.
"""

import base64
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import httpx2 as httpx
import pytest
from PIL import Image

from tests.a1111_server import said
from tests.serving import LONG, Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until


@pytest.fixture(scope="module")
def server(checkpoints: Checkpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("deployment")
    with served(two_models(folder, checkpoints["sd"]), folder / "outputs") as there:
        yield there
        assert not there.engine.jobs()


def picture(encoded: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(encoded, validate=True)))


def test_open_webui(server: Served) -> None:
    """Its admin names the server, chooses a model and a size; then somebody asks for pictures in a chat."""
    with httpx.Client(base_url=f"{server.url}/sdapi/v1", headers={"authorization": ""}, timeout=PATIENCE) as client:
        client.get("/options").raise_for_status()  # verify_url
        listed = [{"id": it["title"], "name": it["model_name"]} for it in client.get("/sd-models").json()]
        assert {"id": "plain", "name": "plain"} in listed
        options = client.get("/options").json()  # set_image_model
        assert options["sd_model_checkpoint"] != "plain"
        options["sd_model_checkpoint"] = "plain"
        client.post("/options", json=options).raise_for_status()
        assert client.get("/options").json()["sd_model_checkpoint"] == "plain"  # get_image_model
        asked = {"prompt": "a red circle", "batch_size": 2, "width": 96, "height": 96, "steps": 3}
        params = {"cfg_scale": 6.5, "sampler_name": "Euler a", "scheduler": "Automatic"}
        made = client.post("/txt2img", json={**asked, "negative_prompt": "blue", **params}).json()
        assert len(made["images"]) == 2
        for encoded in made["images"]:
            with picture(encoded) as one:
                assert (said(one)["model"], said(one)["negative_prompt"], one.size) == ("plain", "blue", (96, 96))
        assert json.loads(made["info"])["sampler_name"] == "Euler a"
        too_large = client.post("/txt2img", json={"prompt": "a", "batch_size": 1, "width": 512, "height": 512})
        assert "plain takes at most 16384; try 96x96" in too_large.text
        client.post("/options", json=options | {"sd_model_checkpoint": "tiny"})


class SillyTavern:
    """Its server, which passes on what its page says."""

    def __init__(self, url: str) -> None:
        self.url, self.auth = url, {"Authorization": "Basic"}  # of no name and no password

    def get(self, path: str) -> Any:
        answer = httpx.get(f"{self.url}/sdapi/v1/{path}", headers=self.auth, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def set_model(self, model: str) -> int:
        """How often it had to ask until the model was there. It asks every two seconds, ten times at most."""
        answer = httpx.post(
            f"{self.url}/sdapi/v1/options", json={"sd_model_checkpoint": model}, headers=self.auth, timeout=PATIENCE
        )
        answer.raise_for_status()
        for attempt in range(200):
            now = self.get("progress")
            if now["progress"] == 0.0 and now["state"]["job_count"] == 0:
                return attempt
            time.sleep(0.1)
        raise AssertionError("it was never there")

    def generate(self, **settings: Any) -> httpx.Response:
        """What its page sends by default, but for the size; fields that are undefined there are not sent."""
        assert "forge_preset" not in self.get("options")
        body = {
            "url": self.url,
            "auth": "",
            "prompt": "a red circle",
            "negative_prompt": "blue",
            "sampler_name": "DDIM",
            "scheduler": "normal",
            "steps": 20,
            "cfg_scale": 7,
            "width": 64,
            "height": 64,
            "restore_faces": False,
            "enable_hr": False,
            "hr_upscaler": "Latent",
            "hr_scale": 1,
            "hr_additional_modules": [],
            "denoising_strength": 0.7,
            "hr_second_pass_steps": 0,
            "override_settings": {"CLIP_stop_at_last_layers": 1},
            "override_settings_restore_afterwards": True,
            "clip_skip": 1,
            "save_images": True,
            "send_images": True,
            "do_not_save_grid": False,
            "do_not_save_samples": False,
            **settings,
        }
        return httpx.post(f"{self.url}/sdapi/v1/txt2img", json=body, headers=self.auth, timeout=PATIENCE)

    def interrupt(self) -> None:
        """As it does when its own page is closed: without a body, and without a content type."""
        httpx.post(f"{self.url}/sdapi/v1/interrupt", headers=self.auth, timeout=PATIENCE).raise_for_status()


def test_sillytavern(server: Served) -> None:
    """Its page connects, fills its menus, changes the model, and a character draws."""
    tavern = SillyTavern(server.url)
    tavern.get("options")  # ping
    assert [it["title"] for it in tavern.get("sd-models")] == ["tiny", "plain"]
    assert "DDIM" in [it["name"] for it in tavern.get("samplers")]
    assert "karras" in [it["name"] for it in tavern.get("schedulers")]
    upscalers = [it["name"] for it in tavern.get("upscalers")]
    assert [*upscalers[:1], *(it["name"] for it in tavern.get("latent-upscale-modes"))] == ["None"]
    with ThreadPoolExecutor() as pool:
        assert [it["model_name"] for found in pool.map(tavern.get, ("sd-vae", "sd-modules")) for it in found] == []
    tavern.set_model("plain")
    assert tavern.get("options")["sd_model_checkpoint"] == "plain"
    assert server.engine.states()["plain"].value == "on the device"
    tavern.set_model("tiny")
    made = tavern.generate(seed=77)
    assert made.status_code == 200
    assert "auth" not in made.json()["parameters"]  # may be a password
    with picture(made.json()["images"][0]) as one:
        assert (said(one)["seed"], said(one)["sampler"], said(one)["steps"]) == (77, "DDIM", 20)


def test_sillytavern_gives_up(server: Served) -> None:
    """Somebody presses stop: it asks for an interrupt, and leaves at the same time."""
    tavern = SillyTavern(server.url)
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(tavern.generate(**LONG)))
    asking.start()
    until(lambda: tavern.get("progress")["state"]["sampling_step"])
    tavern.interrupt()
    asking.join(60)
    assert answers[0].json()["images"] == []
    assert tavern.generate().status_code == 200


def test_cyanic_sd_krita(server: Served) -> None:
    """Krita's plug-in connects, reads everything once, and draws with a model of its own choice."""

    def get(path: str) -> Any:
        with urllib.request.urlopen(server.url + path, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    assert get("/queue/status") is not None
    lists = "sd-models sd-vae samplers upscalers face-restorers prompt-styles scripts loras embeddings hypernetworks"
    found = {name: get(f"/sdapi/v1/{name}") for name in lists.split()}
    options = get("/sdapi/v1/options")
    needed = ("sd_model_checkpoint", "sd_vae", "sd_model_refiner", "face_restoration_model")
    assert all(isinstance(options[key], str) for key in needed)  # they are shown in menus
    assert isinstance(found["scripts"], dict)
    data = {
        "width": 96,
        "height": 96,
        "prompt": "a",
        "negative_prompt": "",
        "sampler_name": found["samplers"][0]["name"],
        "steps": 2,
        "batch_size": 1,
        "n_iter": 2,
        "cfg_scale": 7.0,
        "seed": -1,
        "enable_hr": False,
        "override_settings": {"sd_model_checkpoint": "plain", "sd_vae": options["sd_vae"]},
        "override_settings_restore_afterwards": False,
    }
    body = json.dumps(data).encode("utf-8")
    asked = urllib.request.Request(
        f"{server.url}/sdapi/v1/txt2img", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
        results = json.loads(answer.read())
    expected = results["parameters"]["batch_size"] * results["parameters"]["n_iter"]
    assert len(results["images"]) == expected == 2
    assert isinstance(json.loads(results["info"]), dict)
    assert not results["parameters"]["save_images"]  # else it would take the first one for a grid
    assert get("/sdapi/v1/options")["sd_model_checkpoint"] == "plain"
    now = get("/sdapi/v1/progress")
    assert (now["state"]["skipped"], now["state"]["interrupted"], now["current_image"]) == (False, False, None)
