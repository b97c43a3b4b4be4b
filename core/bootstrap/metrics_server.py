"""Serves core's figures on 127.0.0.1, in a thread of its own that never touches core's loop."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Source: prometheus.io/docs/instrumenting/exposition_formats."""
_SILENCE_SECONDS = 2.0
"""How long a reader may say nothing, or take nothing."""
_READER_SECONDS = 5.0
"""How long one reader may take in all: the next one waits for it."""
_STOP_SECONDS = 1.0
_POLL_SECONDS = 0.1
_NAMES = frozenset({HOST, "localhost"})


class MetricsServer:
    """One reader at a time: whoever connects costs core one descriptor and no thread that stays."""

    def __init__(self, port: int, figures: Callable[[], bytes]) -> None:
        """`figures` gives what a reader gets, in the server's thread; port 0 takes a free one.

        Raises OSError if the port can't be had.
        """
        self._server = _Server(port, figures)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="metrics", daemon=True
        )

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening. Waits for a reader that is being answered for a second at most."""
        threading.Thread(target=self._server.shutdown, name="metrics end", daemon=True).start()
        self._thread.join(_STOP_SECONDS)
        self._server.server_close()


class _Server(TCPServer):
    allow_reuse_address = True

    def __init__(self, port: int, figures: Callable[[], bytes]) -> None:
        self.figures = figures
        super().__init__((HOST, port), _Handler)

    def finish_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Answer one reader, which is cut when it takes too long."""
        if not isinstance(request, socket.socket):
            raise TypeError("a stream is served, no datagrams")
        cut = threading.Timer(_READER_SECONDS, _cut, (request,))
        cut.daemon = True
        cut.start()
        try:
            _Handler(request, client_address, self)
        except OSError:
            log.debug("a reader of the metrics went away", exc_info=True)
        except Exception:
            log.exception("the metrics could not be given")
        finally:
            cut.cancel()


def _cut(request: socket.socket) -> None:
    with contextlib.suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    timeout = _SILENCE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """The figures, for a reader that knows where it is: a page in a browser, under another name, gets none."""
        if self.headers.get("Host", "").rpartition(":")[0] not in _NAMES:
            self.send_error(HTTPStatus.FORBIDDEN, f"Ask for {HOST} by that name")
        elif self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, f"The figures are at {PATH}")
        else:
            text = self.server.figures()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, line: str, *args: object) -> None:
        """Nothing goes to the terminal."""
        log.debug(line, *args)
