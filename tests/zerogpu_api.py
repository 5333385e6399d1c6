"""The API that a Space asks for GPUs on ZeroGPU, over real HTTP, as the client in spaces speaks to it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


class ZeroGpuApi:
    """Gives a GPU to everyone who asks, as many as ask at a time, unless told otherwise; notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []  # path and parameters
        self.refuses = False  # whether the visitor's quota is used up
        self._gpus = 0
        self._lock = threading.Lock()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                url = urlsplit(self.path)
                status, body = api.answer(url.path, dict(parse_qsl(url.query)))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str, parameters: dict[str, str]) -> tuple[int, bytes]:
        with self._lock:
            self.asked.append((path, parameters))
            if path != "/schedule":
                return 200, b"null"
            if self.refuses:
                return 429, json.dumps({"left": 3, "wait": 60}).encode()
            self._gpus += 1
            gpu = {"idle": False, "nvidiaIndex": self._gpus, "nvidiaUUID": "", "allowToken": f"token-{self._gpus}"}
            return 200, json.dumps(gpu).encode()

    def parameters(self, path: str) -> list[dict[str, str]]:
        """Of all that was asked there."""
        with self._lock:
            return [parameters for asked, parameters in self.asked if asked == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
