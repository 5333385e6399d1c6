"""What a page of ours sends and is told, over real HTTP: for tests that send what no page would."""

import json
import re
import secrets
from typing import Any

import httpx

from tests.waiting import PATIENCE


class Visitor:
    """Somebody with a browser of their own, who knows how the page talks to its server."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=PATIENCE)
        self.http.get("/").raise_for_status()  # which brings the key
        self.events = self.http.get("/config").json()["dependencies"]
        self.session = secrets.token_hex(6)

    def close(self) -> None:
        self.http.close()

    def ids(self, handler: str) -> list[int]:
        """Of the events that a handler of that name answers."""
        return [it["id"] for it in self.events if re.fullmatch(f"{handler}(_[0-9]+)?", it["api_name"] or "")]

    def tell(self, event: int, data: list[Any], pressed: dict[str, Any] | None = None) -> str:
        """All that the server says to one event."""
        queued = next(it["queue"] for it in self.events if it["id"] == event)
        said = {"fn_index": event, "data": data, "event_data": pressed, "session_hash": self.session}
        answer = self.http.post(f"/gradio_api/{'queue/join' if queued else 'run/predict'}", json=said)
        if not queued or answer.status_code != 200:
            return answer.text
        with self.http.stream("GET", f"/gradio_api/queue/data?session_hash={self.session}") as told:
            return "\n".join(told.iter_lines())

    def made(self, prompt: str) -> tuple[list[str], dict[str, Any]]:
        """Develop a picture as a program does: the addresses of its files, and what is told of it."""
        event = self.http.post("/gradio_api/call/generate", json={"data": [prompt, *[None] * 9]}).json()["event_id"]
        with self.http.stream("GET", f"/gradio_api/call/generate/{event}") as told:
            last = [line.removeprefix("data: ") for line in told.iter_lines() if line.startswith("data: ")][-1]
        files, details = json.loads(last)[:2]
        return [httpx.URL(file["url"]).raw_path.decode() for file in files], details
