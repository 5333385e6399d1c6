"""What the doctor says of the safety policy, and of the checker that it may depend on."""

from __future__ import annotations

from models.amounts import bytes_text
from models.registry import Registry
from models.storage import folder, has
from safety.settings import Safety
from terminal.finding import Finding, ok, warn
from terminal.text import plain


def policy(safety: Safety, models: Registry) -> Finding:
    """What holds, and whether the pictures that are to be examined can be."""
    said = safety.policy or "off here, block where others can come"
    depends = [spec.name for spec in models.values() if not spec.harmless]
    if safety.policy == "off" or not depends:
        return ok("safety", f"policy {said}; nothing is examined")
    checker = safety.checker
    if checker is None:
        remedy = "Name one in config.yaml, as Darkroom's own has it; until then a policy keeps those models closed."
        return warn("safety", f"policy {said}; there is no safety.checker for {', '.join(depends)}", remedy)
    if has(checker.source, checker.files):
        return ok("safety", f"policy {said}; the checker is on the disk")
    if checker.source.local:
        where = "is incomplete" if folder(checker.source) else "is not there"
        remedy = "Restore it, or correct safety.checker in config.yaml."
        return warn("safety", f"policy {said}; the checker's folder {plain(checker.repo)} {where}", remedy)
    return ok(
        "safety", f"policy {said}; the checker is downloaded when first needed: {bytes_text(checker.missing_bytes)}"
    )
