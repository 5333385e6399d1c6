"""How gradio is to serve the page: its looks and languages, and every door shut that is not needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.tunneling import CURRENT_TUNNELS
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from studio import Studio
from ui.album import routes as album
from ui.benchmark import routes as benchmark
from ui.compare import routes as compare
from ui.parts import WATCHERS
from ui.reading import routes as reading
from ui.texts import TEXTS
from ui.theme import theme, variables
from visitors.middleware import Visitors

FOLDER = Path(__file__).parent
# In the head rather than as gradio's favicon_path, which would have it scaled to any size that anybody asks for.
ICON = (
    "<link rel='icon' href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='%23f2532b'/%3E%3C/svg%3E\">"
)


def launch_options(studio: Studio, doors: Sequence[BaseRoute] = ()) -> dict[str, Any]:
    """For `Blocks.launch`, whoever calls it with which host and port; `doors` are served beside the page."""
    keeper, runs, runner, private = studio.keeper, studio.runs, studio.runner, studio.private
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
        "app_kwargs": {
            "middleware": [
                Middleware(Visitors, private=private, public=studio.public, proxies=studio.proxies),
            ],
            "routes": [
                *doors,
                *reading.routes(studio.engine),
                *(album.routes(keeper.gallery, private) if keeper else []),
                *(compare.routes(runs, private) if runs else []),
                *(benchmark.routes(runner) if runner else []),
            ],
            "lifespan": _lifespan(doors),
        },
    }


def _lifespan(doors: Sequence[BaseRoute]) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Of the server: that of each door which has one."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for door in doors:
                if own := getattr(door, "lifespan", None):
                    await stack.enter_async_context(own())
            yield

    return lifespan


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
