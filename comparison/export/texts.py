"""What a contact sheet and a report say, in every language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Texts = Mapping[str, str]

_ENGLISH = {
    "decimal": ".",
    "prompts": "{count} prompts",
    "models_one": "1 model",
    "models": "{count} models",
    "on": "{what} on {models}",
    "seed": "seed {value}",
    "steps": "{value} steps",
    "guidance_scale": "guidance {value}",
    "no_guidance": "no guidance",
    "own_steps": "the model's own steps",
    "own_guidance_scale": "the model's own guidance",
    "own_sampler": "the model's own sampler",
    "negative_prompt": "without: {value}",
    "per_picture": "{time} a picture",
    "parameters": "{number} parameters",
    "baseline": "the baseline",
    "seconds_less": "{factor}× faster",
    "seconds_more": "{factor}× slower",
    "seconds_same": "just as fast",
    "amount_less": "{share} % less",
    "amount_more": "{share} % more",
    "amount_same": "just as much",
    "missing": "{done} of {total} pictures",
    "waiting": "Not made yet",
    "running": "Being made",
    "failed": "Failed",
    "stopped": "Stopped",
    "gone": "The file is gone or damaged",
    "generated": "Pictures made by AI models",
}

_GERMAN = {
    "decimal": ",",
    "prompts": "{count} Prompts",
    "models_one": "1 Modell",
    "models": "{count} Modellen",
    "on": "{what} auf {models}",
    "seed": "Seed {value}",
    "steps": "{value} Schritte",
    "guidance_scale": "Führung {value}",
    "no_guidance": "ohne Führung",
    "own_steps": "Schritte nach Modell",
    "own_guidance_scale": "Führung nach Modell",
    "own_sampler": "Sampler nach Modell",
    "negative_prompt": "ohne: {value}",
    "per_picture": "{time} je Bild",
    "parameters": "{number} Parameter",
    "baseline": "das Vergleichsmaß",
    "seconds_less": "{factor}× schneller",
    "seconds_more": "{factor}× langsamer",
    "seconds_same": "gleich schnell",
    "amount_less": "{share} % weniger",
    "amount_more": "{share} % mehr",
    "amount_same": "gleich viel",
    "missing": "{done} von {total} Bildern",
    "waiting": "Noch nicht gemacht",
    "running": "Entsteht gerade",
    "failed": "Gescheitert",
    "stopped": "Angehalten",
    "gone": "Die Datei fehlt oder ist beschädigt",
    "generated": "Bilder von KI-Modellen erzeugt",
}

TEXTS: Mapping[str, Texts] = MappingProxyType({"en": MappingProxyType(_ENGLISH), "de": MappingProxyType(_GERMAN)})
