"""What gradio makes of Darkroom's colours."""

from __future__ import annotations

from collections.abc import Mapping

from gradio.themes import Base, Color, LocalFont, sizes

from colours import DARK, LIGHT, custom_properties

_SAFELIGHT = Color(
    *("#fff1ec", "#ffdfd4", "#ffc0ab", "#ff9877", "#ff7a52"),
    *("#f2532b", "#cf3f1a", "#b83410", "#8f290d", "#6b200c", "#451408"),
)
_PAPER = Color(
    *("#fbf8f2", "#f4efe6", "#ddd4c6", "#c7bcad", "#a99e95"),
    *("#8b8072", "#665b50", "#35302c", "#1e1a18", "#161312", "#0d0b0a"),
)

# In the head rather than as gradio's favicon_path, which would have it scaled to any size that anybody asks for.
ICON = (
    "<link rel='icon' href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='%23f2532b'/%3E%3C/svg%3E\">"
)


def theme() -> Base:
    """Gradio's plainest theme in our colours and a font that gradio itself ships."""
    base = Base(
        primary_hue=_SAFELIGHT,
        secondary_hue=_PAPER,
        neutral_hue=_PAPER,
        radius_size=sizes.radius_sm,
        font=(LocalFont("IBM Plex Sans"), "ui-sans-serif", "system-ui", "sans-serif"),
        font_mono=(LocalFont("IBM Plex Mono"), "ui-monospace", "monospace"),
    )
    settings = {"block_title_text_weight": "500"}
    for suffix, colours in (("", LIGHT), ("_dark", DARK)):
        settings |= {f"{name}{suffix}": value for name, value in _settings(colours).items()}
    return base.set(**settings)


def _settings(c: Mapping[str, str]) -> dict[str, str]:
    return {
        "body_background_fill": c["room"],
        "body_text_color": c["ink"],
        "body_text_color_subdued": c["dim"],
        "background_fill_primary": c["room"],
        "background_fill_secondary": c["wall"],
        "block_background_fill": "transparent",
        "block_border_width": "0px",
        "block_border_color": c["line"],
        "block_shadow": "none",
        "block_label_text_color": c["dim"],
        "block_label_background_fill": "transparent",
        "block_title_text_color": c["dim"],
        "block_info_text_color": c["dim"],
        "border_color_primary": c["line"],
        "border_color_accent": c["accent"],
        "link_text_color": c["accent"],
        "link_text_color_hover": c["accent"],
        "link_text_color_active": c["accent"],
        "link_text_color_visited": c["accent"],
        "input_background_fill": c["field"],
        "input_background_fill_focus": c["field"],
        "input_background_fill_hover": c["field"],
        "input_border_color": c["edge"],
        "input_border_color_focus": c["accent"],
        "input_border_color_hover": c["dim"],
        "input_border_width": "1px",
        "input_placeholder_color": c["dim"],
        "input_shadow": "none",
        "input_shadow_focus": f"0 0 0 1px {c['accent']}",
        "slider_color": c["lamp"],
        "button_primary_background_fill": c["lamp"],
        "button_primary_background_fill_hover": c["lamp_hover"],
        "button_primary_text_color": c["on_lamp"],
        "button_primary_text_color_hover": c["on_lamp"],
        "button_primary_border_color": "transparent",
        "button_secondary_background_fill": "transparent",
        "button_secondary_background_fill_hover": c["field"],
        "button_secondary_text_color": c["ink"],
        "button_secondary_text_color_hover": c["ink"],
        "button_secondary_border_color": c["edge"],
        "button_secondary_border_color_hover": c["dim"],
        "error_background_fill": c["wall"],
        "error_text_color": c["error"],
        "error_border_color": c["error"],
        "error_icon_color": c["error"],
    }


def variables() -> str:
    """The same colours for style.css, as custom properties."""
    return f":root, body {{ {custom_properties(LIGHT)} }}\nbody.dark, .dark {{ {custom_properties(DARK)} }}\n"
