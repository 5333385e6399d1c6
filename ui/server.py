"""How gradio is to serve the page: its looks and languages, and every door shut that is not needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.tunneling import CURRENT_TUNNELS
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute

from access.entrance import Entrance
from access.gate import Gate
from guard.guard import stand_before
from studio import Studio
from ui import mistakes
from ui.album import routes as album
from ui.benchmark import routes as benchmark
from ui.cache import OwnFiles
from ui.compare import routes as compare
from ui.crowd import Crowd
from ui.inputs import NoFiles
from ui.login.page import login_page
from ui.parts import WATCHERS
from ui.reading import routes as reading
from ui.texts import TEXTS
from ui.theme import ICON, theme, variables
from visitors.middleware import Visitors

FOLDER = Path(__file__).parent


def launch_options(studio: Studio, doors: Sequence[BaseRoute] = ()) -> dict[str, Any]:
    """For `Blocks.launch`, whoever calls it with which host and port; `doors` are served beside the page."""
    keeper, runs, runner = studio.keeper, studio.runs, studio.runner
    return {
        "theme": theme(),
        "css": variables() + _written("css"),
        "head": f"{ICON}<script>{_written('js')}</script>",
        "i18n": gr.I18n(**{tag: dict(texts) for tag, texts in TEXTS.items()}),
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "max_file_size": "1b",  # pictures that are to be read come by a route of our own, which keeps nothing
        "max_threads": 2 * WATCHERS + 40,  # a watcher holds one while its job runs
        "quiet": True,
        "auth_dependency": _known(studio.entrance) if studio.entrance else None,
        "app_kwargs": {
            "openapi_url": None,  # that of everything that gradio has; ours tells what programs can use
            "exception_handlers": mistakes.handlers(),
            "middleware": _middleware(studio),
            "routes": [
                *doors,
                *reading.routes(studio.engine),
                *(album.routes(studio, keeper.gallery) if keeper else []),
                *(compare.routes(studio, runs) if runs else []),
                *(benchmark.routes(runner) if runner else []),
            ],
            "lifespan": _lifespan(studio, doors),
        },
    }


def _lifespan(studio: Studio, doors: Sequence[BaseRoute]) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Of the server: that of each door which has one. From its start on the guard is in front."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        stand_before(app, studio.rules, studio.metrics.refused if studio.metrics else None)
        async with AsyncExitStack() as stack:
            for door in doors:
                if own := getattr(door, "lifespan", None):
                    await stack.enter_async_context(own())
            yield

    return lifespan


def _middleware(studio: Studio) -> list[Middleware]:
    """What every request goes through, the outermost first."""
    callers = [Middleware(Visitors, private=studio.private, public=studio.public, proxies=studio.proxies)]
    callers += [Middleware(Crowd), Middleware(NoFiles), *([Middleware(OwnFiles)] if studio.private else [])]
    callers += studio.around
    if (known := studio.entrance) is None:
        return callers
    page = login_page(known)
    return [Middleware(Gate, entrance=known, page=page, proxies=studio.proxies, embedded=studio.embedded), *callers]


def _known(entrance: Entrance) -> Callable[[Request], str | None]:
    """For gradio: the user whom the gate let in. None: gradio does not let them in either."""
    nobody = None if entrance.anonymous == "nothing" else ""

    def user(request: Request) -> str | None:
        return getattr(request.state, "user", nobody)

    return user


def close(page: gr.Blocks) -> None:
    """Stop serving `page`, and end its public link if it has one."""
    hang_up()
    page.close(verbose=False)


def hang_up() -> None:
    """End the public link: its tunnel is a process that would live on."""
    for tunnel in CURRENT_TUNNELS:
        tunnel.kill()  # type: ignore[no-untyped-call]


def _written(ending: str) -> str:
    """All of the page's files of that kind: what is common to its tabs comes first."""
    files = sorted(FOLDER.rglob(f"*.{ending}"), key=lambda file: (len(file.parts), file))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
