"""The foot's words: a line at the operator's own machine, a few more where others can come."""

from __future__ import annotations

from html import escape

from studio import Studio
from ui.texts import Texts


def foot(studio: Studio, texts: Texts) -> str:
    """What holds for the pictures of `studio`."""
    lines = [texts["foot_made"], *(_rules(studio, texts) if studio.public else ())]
    written = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<div role="contentinfo">{written}{_contact(studio, texts) if studio.public else ""}</div>'


def _rules(studio: Studio, texts: Texts) -> list[str]:
    examined = [] if studio.engine.safeguard.policy == "off" else [texts["foot_examined"]]
    kept = texts["foot_kept" if studio.keeper or studio.runs else "foot_not_kept"]
    return [texts["foot_use"], *examined, f"{kept} {texts['foot_log']}"]


def _contact(studio: Studio, texts: Texts) -> str:
    contact = studio.engine.safeguard.contact
    if contact is None:
        return ""
    address = contact if contact.startswith("https://") else f"mailto:{contact}"
    link = f'<a href="{escape(address)}" rel="noreferrer noopener">{escape(contact)}</a>'
    return f"<p>{escape(texts['foot_report'])}: {link}</p>"
