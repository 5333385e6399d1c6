"""Every text of the page, in every language it speaks. A further language is one more table here and in each tab's
texts.py.

Labels that stand on the page from the start are translated in the browser (gradio's I18n). Whatever is written later
(status, results, notes) is written in the language that the browser asks for.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from types import MappingProxyType

from ui.album import texts as album
from ui.benchmark import texts as benchmark
from ui.compare import texts as compare
from ui.foot import texts as foot
from ui.login import texts as login
from ui.reading import texts as reading
from ui.sharing import texts as sharing

Texts = Mapping[str, str]

_ENGLISH = {
    "name": "English",
    "decimal": ".",
    # labels of the controls
    "prompt": "Prompt",
    "prompt_placeholder": "What should the picture show?",
    "negative_prompt": "Negative prompt",
    "negative_prompt_placeholder": "What it should not show",
    "negative_prompt_none": "This model draws in one pass a step; a negative prompt needs a second one.",
    "model": "Model",
    "recipe": "Recipe",
    "size": "Size",
    "width": "Width",
    "height": "Height",
    "steps": "Steps",
    "guidance_scale": "Guidance",
    "guidance_distilled": "Always one pass",
    "seed": "Seed",
    "seed_random": "Seed (−1: random)",
    "count": "Pictures",
    "advanced": "Sampler and preview",
    "sampler": "Sampler",
    "preview": "Preview",
    "develop": "Develop",
    "stop": "Stop",
    "examples": "Examples",
    # the stage
    "empty": "Nothing developed yet",
    "empty_hint": "Write a prompt, or take one of the examples. Ctrl+Enter develops it.",
    "picture_alt": "Picture developed from: {prompt}",
    "frame_alt": "Picture developing from: {prompt}",
    "cell": "Picture {number}",
    "show_picture": "Show picture {number}, seed {seed}",
    "contact_sheet": "Contact sheet",
    # status
    "ready": "Ready",
    "queued": "Waiting",
    "queued_next": "next in line",
    "queued_ahead_one": "1 job ahead",
    "queued_ahead": "{position} jobs ahead",
    "wait": "about {time}",
    "downloading": "Downloading {model}",
    "loading": "Loading {model}",
    "encoding": "Reading the prompt",
    "developing": "Developing",
    "decoding": "Fixing the picture",
    "picture_of": "picture {number} of {count}",
    "step_of": "step {done} of {total}",
    "per_step": "{time} a step",
    "left": "{time} left",
    "silent": "Nothing heard for {time}; it may hang",
    "finished": "Done",
    "cancelled": "Stopped",
    "failed": "Failed",
    "not_saved": "Done, but not saved in the gallery",
    # after a run
    "use_seed": "Use again",
    "use_recipe": "Use recipe",
    "download_png": "Download PNG",
    "time_download": "Download",
    "time_load": "Load",
    "time_text": "Text",
    "time_denoise": "Denoise",
    "time_decode": "Decode",
    "time_total": "Total",
    "memory": "Peak memory",
    "device": "Device",
    "details": "How it was made",
    "strip": "Film strip",
    "strip_step": "Step",
    "strip_hint": "Drag along the strip, or use the arrow keys.",
    "strip_empty": "Every step leaves a frame here.",
    "strip_choose": "Enlarge a picture to see its steps.",
    "save_as": "Save as {format}",
    "history": "This visit",
    # model cards
    "state_on_device": "on the device",
    "state_warm": "warm",
    "state_on_disk": "on disk",
    "state_to_download": "to download",
    "bad_at": "Weak at",
    "licence": "Licence",
    "restrictions": "Use restrictions",
    "parameters": "{number} parameters",
    "ships": "ships with Darkroom",
    "guidance_distilled_card": "Guidance is an input of its net: one pass a step, and no negative prompt",
    "words": "All {count} words that it knows",
    "words_colours": "Colours",
    "words_shapes": "Shapes",
    "words_things": "Things",
    "words_patterns": "Patterns",
    "words_sizes": "Sizes",
    "words_numbers": "Numbers",
    "words_places": "Places",
    "words_times": "Times",
    "words_others": "Others",
    # the rest
    "starting": "starting",
    "broke": "Something broke on our side; the log of the server says what.",
    "theme": "Light or dark",
    "no_frames": "There is no film strip to save: the preview was off, or the run is too long ago.",
}

_GERMAN = {
    "name": "Deutsch",
    "decimal": ",",
    "prompt": "Prompt",
    "prompt_placeholder": "Was soll das Bild zeigen?",
    "negative_prompt": "Negativer Prompt",
    "negative_prompt_placeholder": "Was es nicht zeigen soll",
    "negative_prompt_none": "Das Modell zeichnet in einem Durchgang je Schritt; ein negativer Prompt braucht zwei.",
    "model": "Modell",
    "recipe": "Rezept",
    "size": "Format",
    "width": "Breite",
    "height": "Höhe",
    "steps": "Schritte",
    "guidance_scale": "Führung",
    "guidance_distilled": "Immer ein Durchgang",
    "seed": "Seed",
    "seed_random": "Seed (−1: zufällig)",
    "count": "Bilder",
    "advanced": "Sampler und Vorschau",
    "sampler": "Sampler",
    "preview": "Vorschau",
    "develop": "Entwickeln",
    "stop": "Stopp",
    "examples": "Beispiele",
    "empty": "Noch nichts entwickelt",
    "empty_hint": "Einen Prompt schreiben oder ein Beispiel nehmen. Strg+Enter entwickelt ihn.",
    "picture_alt": "Bild, entwickelt aus: {prompt}",
    "frame_alt": "Bild in Entwicklung aus: {prompt}",
    "cell": "Bild {number}",
    "show_picture": "Bild {number} zeigen, Seed {seed}",
    "contact_sheet": "Kontaktbogen",
    "ready": "Bereit",
    "queued": "Wartet",
    "queued_next": "als Nächstes dran",
    "queued_ahead_one": "1 Auftrag davor",
    "queued_ahead": "{position} Aufträge davor",
    "wait": "etwa {time}",
    "downloading": "{model} wird heruntergeladen",
    "loading": "{model} wird geladen",
    "encoding": "Liest den Prompt",
    "developing": "Entwickelt",
    "decoding": "Fixiert das Bild",
    "picture_of": "Bild {number} von {count}",
    "step_of": "Schritt {done} von {total}",
    "per_step": "{time} je Schritt",
    "left": "noch {time}",
    "silent": "Seit {time} nichts gehört; vielleicht hängt es",
    "finished": "Fertig",
    "cancelled": "Angehalten",
    "failed": "Fehlgeschlagen",
    "not_saved": "Fertig, aber nicht in der Galerie gespeichert",
    "use_seed": "Wieder nehmen",
    "use_recipe": "Rezept übernehmen",
    "download_png": "PNG speichern",
    "time_download": "Herunterladen",
    "time_load": "Laden",
    "time_text": "Text",
    "time_denoise": "Entrauschen",
    "time_decode": "Dekodieren",
    "time_total": "Gesamt",
    "memory": "Höchster Speicher",
    "device": "Gerät",
    "details": "Wie es entstand",
    "strip": "Filmstreifen",
    "strip_step": "Schritt",
    "strip_hint": "Am Streifen entlangziehen oder die Pfeiltasten nehmen.",
    "strip_empty": "Jeder Schritt hinterlässt hier ein Bild.",
    "strip_choose": "Ein Bild vergrößern, um seine Schritte zu sehen.",
    "save_as": "Als {format} speichern",
    "history": "Dieser Besuch",
    "state_on_device": "auf dem Gerät",
    "state_warm": "warm",
    "state_on_disk": "auf der Platte",
    "state_to_download": "herunterzuladen",
    "bad_at": "Schwach bei",
    "licence": "Lizenz",
    "restrictions": "Nutzungsbeschränkung",
    "parameters": "{number} Parameter",
    "ships": "wird mitgeliefert",
    "guidance_distilled_card": "Führung ist eine Eingabe des Netzes: ein Durchgang je Schritt, kein negativer Prompt",
    "words": "Alle {count} Wörter, die es kennt",
    "words_colours": "Farben",
    "words_shapes": "Formen",
    "words_things": "Dinge",
    "words_patterns": "Muster",
    "words_sizes": "Größen",
    "words_numbers": "Zahlen",
    "words_places": "Orte",
    "words_times": "Zeiten",
    "words_others": "Andere",
    "starting": "startet",
    "broke": "Auf unserer Seite ist etwas kaputtgegangen; das Protokoll des Servers sagt, was.",
    "theme": "Hell oder dunkel",
    "no_frames": "Kein Filmstreifen zum Speichern: Die Vorschau war aus, oder der Lauf ist zu lange her.",
}

_TABS = (album, benchmark, compare, foot, login, reading, sharing)  # each with the same two tables
TEXTS: Mapping[str, Texts] = MappingProxyType(
    {
        "en": MappingProxyType(dict(ChainMap(_ENGLISH, *(tab.ENGLISH for tab in _TABS)))),
        "de": MappingProxyType(dict(ChainMap(_GERMAN, *(tab.GERMAN for tab in _TABS)))),
    }
)
DEFAULT = "en"


def language(accepted: str | None) -> str:
    """The first language of an Accept-Language header that we speak; browsers list them in the user's order."""
    for part in (accepted or "").split(","):
        tag = part.split(";")[0].strip().lower().split("-")[0]
        if tag in TEXTS:
            return tag
    return DEFAULT
