"""ComfyUI's `prompt`: a graph of nodes, each with inputs that are values or links ["node", output].

The picture is followed back from where it was saved to the sampler that began it, and from there to its prompts, its
model and its size. Whatever else had a part in it is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from recipes.objects import inner, parsed
from recipes.recipe import Pairs, Recipe, file_name, made, shown
from recipes.sampling import sampler

TOOL = "ComfyUI"
PLACES = ("prompt", "UserComment", "Model", "Make", "ImageDescription")  # of a file; the last ones in WebP
MOST_NODES = 5000
_SETTINGS = ("noise", "guider", "sampler", "sigmas")  # links to the parts of a sampler that is put together
_TEXTS = ("text", "text_g", "text_l", "prompt", "string", "value", "clip_l", "t5xxl")
_VALUES = ("value", "seed", "int", "float", "number", "string", "text")
_ASIDE = ("clip", "model", "vae", "image", "images", "pixels", "mask", "control_net", "style_model", "clip_vision")
_NAMED = {  # inputs that tell of what a plain picture from a prompt does not need
    "lora_name": "LoRA",
    "control_net_name": "ControlNet",
    "vae_name": "VAE",
    "upscale_method": "Upscaling",
    "stop_at_clip_layer": "CLIP layer",
    "hypernetwork_name": "Hypernetwork",
    "ipadapter_file": "IP-Adapter",
    "image": "Picture",
}
Node = Mapping[str, Any]


def read(texts: Mapping[str, str]) -> Recipe | None:
    """The recipe in the texts of a file; None: there is none of this kind."""
    for place in PLACES:
        text = texts.get(place, "")
        if nodes := _nodes(parsed(text.removeprefix("prompt:"))):
            return _Graph(nodes).recipe()
    return None


def _nodes(graph: Mapping[str, Any]) -> dict[str, Node]:
    """The nodes by id, of a graph that may be anything."""
    found = {}
    for id, node in list(graph.items())[:MOST_NODES]:
        if isinstance(inner(node, "inputs"), dict) and isinstance(inner(node, "class_type"), str):
            found[id] = node
    return found


class _Graph:
    """Ways through a graph. None of them goes through a node twice, so that loops end."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes

    def recipe(self) -> Recipe:
        part = list(self._behind(self._outputs()))
        samplers = [id for id in part if self._samples(id)]
        first = samplers[-1] if samplers else None  # the one that the others go on from
        said = self._said(first) if first else {}
        chosen, schedule = sampler(said.pop("sampler", None), said.pop("scheduler", None))
        others = [*schedule, *self._others(part), *self._denoising(first)]
        others += [("Further sampler", self._kind(id)) for id in samplers[:-1]]
        if not first:
            others.append(("Nodes", ", ".join(sorted({self._kind(id) for id in part}))))
        return made(TOOL, said | {"sampler": chosen}, others)

    def _outputs(self) -> list[str]:
        """Where pictures are saved; else where they are only shown; else the ends of the graph."""
        used = {link for id in self.nodes for _, link, _ in self._links(id)}
        for word in ("save", "preview"):
            if ends := [id for id in self.nodes if word in self._kind(id).lower() and id not in used]:
                return ends[:1]
        return [id for id in self.nodes if id not in used]

    def _said(self, id: str) -> dict[str, Any]:
        return {
            "prompt": self._text(id, "positive"),
            "negative_prompt": self._text(id, "negative"),
            "model": file_name(self._upstream(id, ("ckpt_name", "unet_name"))),
            "steps": self._setting(id, "steps"),
            "guidance_scale": self._setting(id, "cfg"),
            "width": self._upstream(id, ("width",), ("latent_image", "latent")),
            "height": self._upstream(id, ("height",), ("latent_image", "latent")),
            "seed": self._setting(id, "seed", "noise_seed"),
            "sampler": self._setting(id, "sampler_name"),
            "scheduler": self._setting(id, "scheduler"),
        }

    def _samples(self, id: str) -> bool:
        inputs = self.nodes[id]["inputs"]
        return ("latent_image" in inputs or "latent" in inputs) and bool(
            {"positive", "guider", "sampler_name"} & set(inputs)
        )

    def _setting(self, id: str, *names: str) -> Any:
        """A value of the sampler, which may be an input of its own or of a part that it is put together from."""
        for part in self._behind([id], only=_SETTINGS):
            inputs = self.nodes[part]["inputs"]
            if found := [inputs[name] for name in names if name in inputs]:
                return self._value(found[0])
        return None

    def _value(self, value: Any) -> Any:
        """`value`, or where it is a link what a simple node behind it holds."""
        link = self._link(value)
        if link is None:
            return None if isinstance(value, list | dict) else value
        for part in self._behind([link]):
            for name in _VALUES:
                held = self.nodes[part]["inputs"].get(name)
                if held is not None and not isinstance(held, list | dict):
                    return held
        return None

    def _text(self, id: str, role: str) -> str | None:
        """The prompts behind a sampler's `role`, "positive" or "negative", in the order in which they are met."""
        for part in self._behind([id], only=("guider",)):
            inputs = self.nodes[part]["inputs"]
            start = self._link(inputs.get(role, inputs.get("conditioning") if role == "positive" else None))
            if start is not None:
                found = [text for node in self._behind([start], role=role) for text in self._texts(node)]
                return "\n".join(dict.fromkeys(found))
        return None

    def _texts(self, id: str) -> Iterator[str]:
        for name in _TEXTS:
            value = self.nodes[id]["inputs"].get(name)
            if isinstance(value, str) and value.strip():
                yield value

    def _upstream(self, id: str, names: tuple[str, ...], through: tuple[str, ...] = ()) -> Any:
        """The nearest input of one of `names`, beginning behind the links `through` if any are given."""
        starts = [link for name, link, _ in self._links(id) if name in through] if through else [id]
        for part in self._behind(starts):
            inputs = self.nodes[part]["inputs"]
            if value := next((inputs[name] for name in names if name in inputs), None):
                return self._value(value)
        return None

    def _others(self, part: list[str]) -> Pairs:
        for id in part:
            inputs = self.nodes[id]["inputs"]
            for name, kind in _NAMED.items():
                value = inputs.get(name)
                if isinstance(value, str | int | float):
                    strength = inputs.get("strength_model", inputs.get("strength"))
                    weight = f":{strength:g}" if type(strength) in (int, float) and abs(strength) < 1e6 else ""
                    yield kind, f"{shown(value)}{weight}"

    def _denoising(self, id: str | None) -> Pairs:
        strength = self._setting(id, "denoise") if id else None
        if type(strength) in (int, float) and strength != 1:
            yield "Denoising strength", strength

    def _behind(self, starts: list[str], only: tuple[str, ...] = (), role: str = "") -> Iterator[str]:
        """`starts` and what they are linked to, nearest first.

        `only`: through links of these names. `role`: the way of a prompt, which stays on its side.
        """
        waiting, seen = list(starts), set(starts)
        for id in waiting:
            yield id
            links = list(self._links(id))
            if role and any(name == role for name, _, _ in links):
                links = [link for link in links if link[0] == role]
            for name, link, _ in links:
                if link not in seen and (name in only if only else not (role and name in _ASIDE)):
                    seen.add(link)
                    waiting.append(link)

    def _links(self, id: str) -> Iterator[tuple[str, str, Any]]:
        for name, value in self.nodes[id]["inputs"].items():
            if (link := self._link(value)) is not None:
                yield name, link, value

    def _link(self, value: Any) -> str | None:
        """The id of the node that `value` links to; None: it is no link, or leads nowhere."""
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str | int):
            return None
        id = str(value[0]) if not isinstance(value[0], int) or value[0].bit_length() < 64 else ""
        return id if id in self.nodes else None

    def _kind(self, id: str) -> str:
        return shown(self.nodes[id]["class_type"])
