"""The practice gateway as a process or as a part of a test: options, listener, start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from core.practice import wire
from core.practice.farm import Farm
from core.practice.faults import FaultError
from core.practice.hub import Hub, ReceivedFrame
from core.practice.latency import LatencyError
from core.practice.ledger import Ledger
from core.practice.link import Link
from core.practice.market import Market
from core.practice.options import DEFAULT_ACCOUNT, DEFAULT_CASH, GatewayOptions
from core.practice.orders import Order
from core.practice.replay_errors import ReplayError
from core.practice.session import SERVER_VERSION, Session
from core.practice.state import StateError, Store

__all__ = ["DEFAULT_ACCOUNT", "DEFAULT_CASH", "GatewayOptions", "PracticeGateway", "mask_account", "run"]

HOST: Final = "127.0.0.1"


def mask_account(account: str) -> str:
    """Return an account for the eyes of others: its letters, an ellipsis, its last three characters."""
    letters = account[: len(account) - len(account.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))]
    return f"{letters}…{account[-3:]}"


class PracticeGateway:
    """A gateway on a loopback port.

    ``await start()`` returns the port, ``await stop()`` ends it; ``await run_forever()`` does both and waits between.
    """

    def __init__(self, options: GatewayOptions, now: Callable[[], float] = time.time) -> None:
        self.options = options
        self._now = now
        self._hub: Hub | None = None
        self._store: Store | None = None
        self._server: asyncio.Server | None = None
        self._ended = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None
        #: The exception that ended the gateway, None while all is well.
        self.failure: Exception | None = None

    @property
    def hub(self) -> Hub:
        """The parts behind the listener. Raises RuntimeError before start()."""
        if self._hub is None:
            raise RuntimeError("the gateway has not been started")
        return self._hub

    @property
    def ledger(self) -> Ledger:
        """Orders, executions, positions and cash as the gateway knows them."""
        return self.hub.ledger

    @property
    def market(self) -> Market:
        """The simulated quotes."""
        return self.hub.market

    @property
    def link(self) -> Link:
        """The line to IBKR behind the gateway, which may be lost and restored."""
        return self.hub.link

    @property
    def farm(self) -> Farm:
        """The market data farm, which may break and come back."""
        return self.hub.farm

    @property
    def received(self) -> list[ReceivedFrame]:
        """The last requests of all clients, oldest first."""
        return list(self.hub.received)

    @property
    def port(self) -> int:
        """The port it listens on. Raises RuntimeError before start()."""
        if self._server is None:
            raise RuntimeError("the gateway has not been started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> int:
        """Read the state and listen; return the port. Raises StateError or OSError (the port is taken)."""
        options = self.options
        store = Store(options.state)
        try:
            seed = _settle(store, options)
            hub = Hub(store, seed, options, self._now)
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Session(hub), HOST, options.port, backlog=256)
        except sqlite3.Error as error:
            store.close()
            raise StateError(f"state folder {options.state} can't be written: {error}") from error
        except BaseException:
            store.close()
            raise
        self._hub, self._store = hub, store
        hub.on_clients = self._watch_idle
        hub.on_failure = self._fail
        started = datetime.fromtimestamp(self._now(), UTC).isoformat()
        store.publish_endpoint(self.port, options.account, started, options.lines)
        self._watch_idle(0)
        hub.start()
        # Whoever waits for the port waits no longer than need be.
        loop.call_soon(hub.handlers)
        # Orders that worked before a restart need the clock, whether anybody is connected or not.
        hub.end_turn()
        return self.port

    async def stop(self) -> None:
        """Stop listening, cut the clients, keep the state; stopping twice is harmless."""
        server, self._server = self._server, None
        if server is None:
            return
        self._stop_idle()
        server.close()
        self.hub.stop()
        await server.wait_closed()
        # Aborted connections are only gone after the loop has gone round.
        await asyncio.sleep(0)
        if self._store is not None:
            self._store.close()
        self._ended.set()

    async def __aenter__(self) -> PracticeGateway:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def run_forever(self, on_ready: Callable[[int], None] | None = None) -> None:
        """Start, call `on_ready` with the port, wait for end() or the idle exit, stop."""
        port = await self.start()
        try:
            if on_ready is not None:
                on_ready(port)
            await self._ended.wait()
        finally:
            await self.stop()

    def end(self) -> None:
        """Let run_forever() return."""
        self._ended.set()

    def arm(self, fault: str) -> None:
        """Arm a fault while the gateway runs: ``NAME``, ``NAME=ARG`` or ``NAME=ARG*TIMES``. Raises FaultError."""
        self.hub.faults.arm(fault)
        for name in ("link-lost", "farm-lost"):
            if fault.startswith(name):
                self.hub.plan(name)

    def stall(self) -> None:
        """Read and write nothing more for the clients of now; their sockets stay open."""
        for connection in self.hub.connections:
            connection.stall()

    def resume(self) -> None:
        """Go on with what stalled."""
        for connection in list(self.hub.connections):
            connection.resume()

    def drop_clients(self) -> None:
        """Cut every connection; what clients were told meanwhile is lost."""
        for connection in list(self.hub.connections):
            connection.abort()

    @property
    def market_time(self) -> float:
        """What time the market has, in seconds since the epoch."""
        return self.hub.market_now()

    def play(self, speed: float | None = None, until: float | None = None) -> None:
        """Let the market go on at a speed, to a market time in seconds since the epoch; None: as before, without end.

        `hub.on_pause` is called when it has come there.
        """
        self.hub.play(speed, until)

    def pause(self) -> None:
        """Let the market stand still. Orders are taken, and fill against what is shown."""
        self.hub.pause()

    async def wait_for(self, happened: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until something holds, looked at after every turn. Raises TimeoutError."""
        if happened():
            return
        seen = asyncio.Event()

        def look() -> None:
            if happened():
                seen.set()

        self.hub.after_turn.append(look)
        try:
            await asyncio.wait_for(seen.wait(), seconds)
        finally:
            self.hub.after_turn.remove(look)

    def say(self, code: int, text: str, request_id: int = -1) -> None:
        """Send every client an error about the connection, or about a request or an order of that id."""
        for session in self.hub.clients.values():
            session.send(wire.error(request_id, code, text))
        self.hub.end_turn()

    def cancel_outside(self, order: Order) -> None:
        """Cancel an order as somebody at TWS itself does; its client only hears of it."""
        self.hub.desk.cancel(order.client_id, order.order_id)
        self.hub.end_turn()

    def transfer(self, con_id: int, quantity: int) -> None:
        """Let a signed quantity come into the first account or leave it without an execution, as an assignment does."""
        self.ledger.transfer(self.hub.catalogue.by_id[con_id], quantity)
        self.hub.position_changed(self.ledger.account.name, con_id)
        self.hub.end_turn()

    def _fail(self, error: Exception) -> None:
        self.failure = error
        self.end()

    def _watch_idle(self, clients: int) -> None:
        self._stop_idle()
        if not clients and self.options.idle_exit is not None and self._server is not None:
            self._idle = asyncio.get_running_loop().call_later(self.options.idle_exit, self.end)

    def _stop_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


def _settle(store: Store, options: GatewayOptions) -> int:
    """Return the seed: what the state folder has, or what the options say for a new one.

    Raises StateError if the folder is that of other accounts.
    """
    accounts, seed = store.meta("account"), store.meta("seed")
    if accounts is None or seed is None:
        store.put("meta", "account", ",".join(options.accounts))
        store.put("meta", "seed", str(options.seed))
        return options.seed
    if accounts != ",".join(options.accounts):
        kept, given = (", ".join(map(mask_account, names)) for names in (accounts.split(","), options.accounts))
        raise StateError(f"state folder {store.folder} belongs to account {kept}, not {given}")
    return int(seed)


def run(options: GatewayOptions) -> int:
    """Run a gateway until SIGTERM, SIGINT or the idle exit. Returns the exit code: 0, 1 (failed), 2 (can't start)."""
    try:
        return asyncio.run(_run(options))
    except (StateError, FaultError, LatencyError, ReplayError) as error:
        return _refuse(f"Practice gateway not started: {error}.")
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"can't be opened ({error.strerror})"
        return _refuse(f"Practice gateway not started: port {options.port} {reason}. Choose another with --port.")


async def _run(options: GatewayOptions) -> int:
    gateway = PracticeGateway(options)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gateway.end)

    def ready(port: int) -> None:
        _announce(options, port)
        gc.freeze()
        gc.enable()

    await gateway.run_forever(ready)
    if gateway.failure is not None:
        return _refuse(f"Practice gateway stopped: its state can't be written ({gateway.failure}).", 1)
    return 0


def _announce(options: GatewayOptions, port: int) -> None:
    account = ", ".join(map(mask_account, options.accounts))
    line = f"practice gateway on {HOST}:{port} · server version {SERVER_VERSION} · account {account}\n"
    # Whoever started the gateway may have left; that is no reason not to serve.
    with contextlib.suppress(OSError):
        sys.stdout.buffer.write(line.encode())
        sys.stdout.flush()
    if options.ready_fd is not None:
        ready = {"port": port, "account": options.account, "server_version": SERVER_VERSION, "pid": os.getpid()}
        with contextlib.suppress(OSError):
            os.write(options.ready_fd, (json.dumps(ready) + "\n").encode())
        with contextlib.suppress(OSError):
            os.close(options.ready_fd)


def _refuse(line: str, code: int = 2) -> int:
    with contextlib.suppress(OSError):
        sys.stderr.write(line + "\n")
    return code
