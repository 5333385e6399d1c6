"""What the doctor says of the models' files, the disk they go to, the hub they come from and what is pinned."""

from __future__ import annotations

from huggingface_hub import constants, get_session, get_token, whoami
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.errors import HTTPError as HTTPError  # type: ignore[attr-defined]  # of the client it uses

from judging.settings import Clip
from models import cache
from models.amounts import bytes_text
from models.registry import Registry
from models.spec import TO_BE_PINNED, LatentSpace
from models.storage import incomplete, missing_bytes, on_disk
from safety.settings import Checker
from terminal.finding import Finding, fail, ok, warn
from terminal.text import plain

TIMEOUT = 5.0  # seconds


def files(models: Registry, default_model: str) -> Finding:
    """Which models can be used at once, and which are downloaded first."""
    ready = [spec.name for spec in models.values() if on_disk(spec)]
    others = [spec for spec in models.values() if spec.name not in ready]
    lost = {spec.name: away for spec in others if (away := [it.repo for it in incomplete(spec) if it.local])}
    wanted = [f"{spec.name} {bytes_text(missing_bytes(spec))}" for spec in others if spec.name not in lost]
    text = f"on disk: {', '.join(ready) or 'none'}; downloaded when first asked for: {', '.join(wanted) or 'none'}"
    if not lost:
        return ok("models", text)
    gone = ", ".join(f"{name} in {plain(' and '.join(repos))}" for name, repos in lost.items())
    level = fail if default_model in lost else warn
    return level("models", f"{text}; incomplete: {gone}", "Restore the folder, or correct `repo` in config.yaml.")


def disk(models: Registry) -> Finding:
    """Whether what is still to be downloaded has room."""
    folder = cache.root()
    free = cache.free_bytes(folder)
    needed = sum(missing_bytes(spec) for spec in models.values())
    text = f"{bytes_text(free)} free for downloads in {folder}; all models that are missing take {bytes_text(needed)}"
    if needed < free:
        return ok("disk", text)
    return warn("disk", text, "Free some, or let HF_HOME name a folder on a larger disk.")


def connection() -> Finding:
    """Whether the hub answers."""
    if constants.HF_HUB_OFFLINE:
        return warn("hub", "HF_HUB_OFFLINE is set, so nothing is downloaded", "Unset it to download models.")
    try:
        status = get_session().head(constants.ENDPOINT, timeout=TIMEOUT, follow_redirects=True).status_code
    except (HTTPError, OSError) as error:
        remedy = "Models on the disk still work. Behind a proxy set HTTPS_PROXY; for a mirror set HF_ENDPOINT."
        return warn("hub", f"{constants.ENDPOINT} does not answer ({error})", remedy)
    if status >= 500:
        remedy = "Models on the disk still work. Try again later; for a mirror set HF_ENDPOINT."
        return warn("hub", f"{constants.ENDPOINT} answers with status {status}", remedy)
    return ok("hub", f"{constants.ENDPOINT} answers")


def token() -> Finding:
    """Whether there is a token, and the hub takes it. Never says what it is."""
    if not get_token():
        return ok("token", "none; only gated models need one (`hf auth login`, or HF_TOKEN)")
    if constants.HF_HUB_OFFLINE:
        return ok("token", "there is one; offline, nobody can say whether it is valid")
    try:
        name = whoami()["name"]
    except HfHubHTTPError as error:
        remedy = "Make a new one at https://huggingface.co/settings/tokens, then `hf auth login` or set HF_TOKEN."
        return warn("token", f"there is one, but the hub refuses it (status {error.response.status_code})", remedy)
    except (HTTPError, OSError):
        return warn("token", "there is one, but the hub cannot be asked about it", "See the line above.")
    return ok("token", f"valid, of {name}")


def revisions(models: Registry, *others: Clip | Checker | None) -> Finding:
    """Which repos are not pinned to a commit yet."""
    open_ = [spec.name for spec in models.values() if TO_BE_PINNED in (it.revision for it in spec.sources)]
    open_ += sorted({str(space.taesd) for space in _spaces(models) if space.taesd_revision == TO_BE_PINNED})
    open_ += [other.repo for other in others if other and other.revision == TO_BE_PINNED]
    if not open_:
        return ok("revisions", "every hub repo is pinned to a commit")
    remedy = "Look up the commit of each on the hub and write it into config.yaml."
    return warn("revisions", f"to be pinned: {', '.join(open_)}", remedy)


def _spaces(models: Registry) -> list[LatentSpace]:
    return [spec.latent_space for spec in models.values()]
