"""How good a picture is, as numbers by name. Those of CLIP come later, where somebody asks for them."""

from __future__ import annotations

from PIL import Image

from judging.judge import judged

JUDGE, CLIP = "judge", "clip"  # 0 to 1, what share of the prompt is shown; a cosine


def at_once(prompt: str, picture: Image.Image) -> dict[str, float]:
    """The scores that cost nothing worth a word: the judge's, where it can judge."""
    judgement = judged(prompt, picture)
    return {} if judgement is None else {JUDGE: judgement.score}
