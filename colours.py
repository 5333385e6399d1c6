"""The colours of Darkroom, of the page and of what is exported. Their contrasts are checked in tests/test_page.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# A darkroom: near-black, warm, with one safelight. Daylight: paper, with the same light a shade darker.
DARK: Mapping[str, str] = MappingProxyType(
    {
        "room": "#0d0b0a",  # behind everything
        "wall": "#161312",  # panels
        "mat": "#161312",  # behind the picture
        "field": "#1e1a18",  # inputs
        "line": "#35302c",
        "edge": "#7d726a",  # of controls: 3:1 on what is behind
        "ink": "#efe8e1",
        "dim": "#a99e95",
        "accent": "#ff6a45",  # text and marks
        "lamp": "#f2532b",  # surfaces
        "lamp_hover": "#ff6d47",
        "on_lamp": "#170603",
        "error": "#ff8f7a",
    }
)
LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "room": "#f4efe6",
        "wall": "#fbf8f2",
        "mat": "#e7dfd1",
        "field": "#fffdf9",
        "line": "#ddd4c6",
        "edge": "#8b8072",
        "ink": "#231d18",
        "dim": "#665b50",
        "accent": "#b3320f",
        "lamp": "#b83410",
        "lamp_hover": "#9a2a0b",
        "on_lamp": "#fffaf5",
        "error": "#a3240b",
    }
)


def custom_properties(colours: Mapping[str, str]) -> str:
    """For CSS."""
    return " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in colours.items())


def stylesheet() -> str:
    """The custom properties of a page that is by day or by night as its reader's system is."""
    day, night = custom_properties(LIGHT), custom_properties(DARK)
    return f":root {{ {day} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n"
