"""An OpenID provider over real HTTP, as Hugging Face is one for a Space: whoever comes is logged in as ada."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "darkroom"


class Provider(ThreadingHTTPServer):
    """Answers at `url`; `nonce` is what the login asked for that is under way."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.nonce = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)

    def said(self, path: str) -> dict[str, Any]:
        """What is answered at `path`."""
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return {"issuer": self.url, **{name: self.url + end for name, end in ends.items()}}
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        assert path == "/token"
        return {"access_token": "of-ada", "token_type": "Bearer", "expires_in": 3600, "id_token": self._id()}

    def _id(self) -> str:
        now = int(time.time())
        ada = {"sub": "1", "name": "Ada", "preferred_username": "ada", "profile": "", "picture": ""}
        told = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 3600, "nonce": self.nonce}
        return jwt.encode({"alg": "RS256", "kid": "one"}, {**ada, **told}, self.key)


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Provider)
        body = json.dumps(self.server.said(self.path.partition("?")[0])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider, while it is needed."""
    one = Provider()
    thread = threading.Thread(target=one.serve_forever)
    thread.start()
    try:
        yield one
    finally:
        one.shutdown()
        thread.join()
        one.server_close()
