"""From an open socket to a session: what the gateway says first, and what to tell a person when it does not."""

from __future__ import annotations

import asyncio
import errno
import socket
from dataclasses import dataclass

from ib_async.client import Client

from core.broker.error_codes import CLIENT_ID_IN_USE
from core.domain.connection import Endpoint
from core.errors import ConnectError
from core.text import clean

START_TWS = "Start TWS or IB Gateway, enable its API socket (Configure > API > Settings) and check the port."
"""What to do where nothing listens."""
# A host with several addresses fails with all their errors in one text.
_REFUSED = f"[Errno {errno.ECONNREFUSED}]"

LOWEST, HIGHEST = Client.MinClientVersion, Client.MaxClientVersion


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the broker said while connecting."""

    server_version: int
    accounts: tuple[str, ...]
    next_order_id: int


class Shaking:
    """Gathers version, accounts and first order id; `done` is the handshake or a ConnectError."""

    def __init__(self, endpoint: Endpoint, client_id: int, absent: str) -> None:
        """`absent` says what to do where nothing listens."""
        self._endpoint = endpoint
        self._absent = absent
        self._client_id = client_id
        self._version: int | None = None
        self._accounts: tuple[str, ...] = ()
        self._next_order_id: int | None = None
        self._last_words = ""
        self.done: asyncio.Future[Handshake] = asyncio.get_running_loop().create_future()

    @property
    def is_over(self) -> bool:
        """True when it succeeded or failed."""
        return self.done.done()

    def greeting(self, fields: list[str]) -> int | None:
        """The first frame: server version and connection time. Returns the version, or None when it is no good."""
        if len(fields) != 2 or not (fields[0].isascii() and fields[0].isdigit()):
            self.not_tws()
            return None
        version = int(fields[0])
        if not LOWEST <= version <= HIGHEST:
            self._fail(
                f"{self._endpoint} speaks version {version} of the TWS API; ibdesk speaks {LOWEST} to {HIGHEST}. "
                + ("Update TWS or IB Gateway." if version < LOWEST else "Update ibdesk.")
            )
            return None
        self._version = version
        return version

    def accounts(self, names: tuple[str, ...]) -> None:
        """The managed accounts came; an empty list is no answer yet."""
        self._accounts = names
        self._look()

    def next_order_id(self, order_id: int) -> None:
        """The first order id came."""
        self._next_order_id = order_id
        self._look()

    def error(self, code: int, text: str) -> bool:
        """An error came before the session stood. Returns True if it ended the handshake."""
        self._last_words = f" It said: {clean(text)} [{code}]"
        if code != CLIENT_ID_IN_USE:
            return False
        self._fail(
            f"Client id {self._client_id} is already in use at {self._endpoint}. End the other program that uses it, "
            f"or choose another client id. [{CLIENT_ID_IN_USE}]"
        )
        return True

    def not_tws(self) -> None:
        """What answered is no TWS."""
        self._fail(
            f"{self._endpoint} answers, but not as TWS does. Another program has that port: check the port in "
            "Configure > API > Settings of TWS or IB Gateway."
        )

    def lost(self) -> None:
        """The socket went before the session stood."""
        self._fail(
            f"{self._endpoint} ended the connection during the handshake.{self._last_words} Check in TWS that its API "
            "is enabled and that this machine is among its trusted addresses (Configure > API > Settings)."
        )

    def timed_out(self, seconds: float, *, connected: bool) -> ConnectError:
        """Nothing more came within `seconds`."""
        if not connected:
            text = f"{self._endpoint} did not answer within {seconds:g} s. Check host, port and firewall."
        elif self._version is None:
            text = (
                f"{self._endpoint} took the connection but said nothing for {seconds:g} s. Look for an open dialog in "
                "TWS or IB Gateway, or check that the port is theirs."
            )
        else:
            text = (
                f"{self._endpoint} greeted, but named no accounts within {seconds:g} s.{self._last_words} Look in TWS "
                "or IB Gateway whether it is logged in and shows an open dialog."
            )
        return ConnectError(text)

    def unreachable(self, error: OSError) -> ConnectError:
        """No connection could be made."""
        if isinstance(error, ConnectionRefusedError) or _REFUSED in str(error):
            text = f"Nothing listens on {self._endpoint}. {self._absent}"
        elif isinstance(error, socket.gaierror):
            text = f"No machine is called {self._endpoint.host}. Check the host."
        else:
            text = f"No way to {self._endpoint}: {clean(error.strerror or str(error))}. Check host, port and network."
        return ConnectError(text)

    def forget(self) -> None:
        """Nobody waits any more."""
        if not self.done.cancel() and not self.done.cancelled():
            self.done.exception()

    def _look(self) -> None:
        if self._version is None or not self._accounts or self._next_order_id is None or self.done.done():
            return
        self.done.set_result(Handshake(self._version, self._accounts, self._next_order_id))

    def _fail(self, text: str) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectError(text))
