"""Practice gateways in processes of their own, and clients that only count what they are sent."""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from core.practice.tables_in import MARKET_DATA, START_API
from tests.architecture.sources import ROOT

TICKS = frozenset({1, 2, 21, 45, 46})
"""Message ids of the ticks of reqMktData."""

SUBSCRIBED = 81
"""Message id of tickReqParams, which comes once a line."""

PATIENCE = 20.0
_READ = 1 << 18


class TickCounter:
    """Walks the lengths of a gateway's frames and counts the ticks among them."""

    def __init__(self) -> None:
        self.ticks = self.lines = 0
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Go on with what the gateway sent next, wherever it was cut."""
        data = self._rest + data
        position, end, ticks = 0, len(data), 0
        while position + 4 <= end:
            following = position + 4 + int.from_bytes(data[position : position + 4], "big")
            if following > end:
                break
            # The message id ends at the first NUL, after one digit or two.
            stop = position + 5 if not data[position + 5] else position + 6
            message_id = int(data[position + 4 : stop])
            if message_id in TICKS:
                ticks += 1
            elif message_id == SUBSCRIBED:
                self.lines += 1
            position = following
        self._rest = data[position:]
        self.ticks += ticks


class Counter(TickCounter):
    """A client on a bare socket that only counts what it is sent."""

    def __init__(self, port: int, client_id: int) -> None:
        super().__init__()
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.sendall(
            b"API\0" + (9).to_bytes(4, "big") + b"v157..178" + START_API.encode({"clientId": client_id})
        )

    def subscribe(self, con_ids: Sequence[int]) -> None:
        """Ask for quotes of these contracts, one line each; returns when the gateway has answered for all of them."""
        requests = (MARKET_DATA.encode({"reqId": number, "conId": con_id}) for number, con_id in enumerate(con_ids, 1))
        self.socket.sendall(b"".join(requests))
        while self.lines < len(con_ids):
            self.read()

    def read(self) -> None:
        """Take what the socket has. Raises ConnectionError at its end."""
        data = self.socket.recv(_READ)
        if not data:
            raise ConnectionError("the gateway hung up")
        self.take(data)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


class Flood:
    """A gateway that walks market steps on command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        ready = self._reply()
        self.port = int(str(ready["port"]))
        con_ids = ready["con_ids"]
        assert isinstance(con_ids, list)
        self.con_ids: list[int] = con_ids

    def walk(self, steps: int, clients: Sequence[Counter]) -> float:
        """Walk market steps while these clients read; returns the gateway's processor seconds.

        Clients that left are given the time to be noticed first.
        """
        while self._walk(1, clients)["clients"] != len(clients):
            pass
        return float(str(self._walk(steps, clients)["cpu"]))

    def _walk(self, steps: int, clients: Sequence[Counter]) -> dict[str, object]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"steps": steps}) + "\n")
        self._process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ, None)
            for client in clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
            while True:
                ready = [key.data for key, _ in selector.select(PATIENCE)]
                if not ready:
                    raise TimeoutError("the gateway says nothing")
                for client in ready:
                    if client is not None:
                        client.read()
                if ready == [None]:
                    return self._reply()

    def _reply(self) -> dict[str, object]:
        assert self._process.stdout is not None
        reply: dict[str, object] = json.loads(self._process.stdout.readline())
        return reply


@contextmanager
def flooding_gateway() -> Iterator[Flood]:
    """Run a gateway that walks on command until the end of the block."""
    command = [sys.executable, "-m", "tests.bench.flooding_gateway"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Flood(process)
        finally:
            process.kill()
