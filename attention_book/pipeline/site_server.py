"""The built book on 127.0.0.1, compressed as a host would send it."""

from __future__ import annotations

import gzip
import sys
import threading
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMPRESSED = {".html", ".js", ".css", ".json", ".svg", ".ipynb", ".txt"}


@lru_cache(maxsize=512)
def compressed(path: Path, changed: int) -> bytes:
    """A host compresses a file once. changed: when, in nanoseconds, for a file may be rewritten."""
    return gzip.compress(path.read_bytes(), 6, mtime=0)


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path = path / "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in COMPRESSED:
            body = compressed(path, path.stat().st_mtime_ns)
            self.send_header("Content-Encoding", "gzip")
        else:
            body = path.read_bytes()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Requests are judged by those who ask, not printed."""


class QuietServer(ThreadingHTTPServer):
    """A reader who leaves a page before all of it has come is no error."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Server:
    """Serves `folder` until closed; `url` has no slash at its end."""

    def __init__(self, folder):
        self._http = QuietServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
