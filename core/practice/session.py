"""One client's connection: greeting, version, client id, then requests in and messages out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from core.practice import readonly, tables_in, tables_out, wire
from core.practice.codec import WireError, frame, message_id
from core.practice.connection import Connection
from core.practice.intake import ORDER_REQUESTS
from core.practice.link import BROKEN, notice
from core.practice.pacing import exceeded_text
from core.practice.tables import Record
from core.practice.terms import RefusedError

if TYPE_CHECKING:
    from core.practice.hub import Hub

SERVER_VERSION: Final = 178
#: A word in the greeting with which a client asks to be slowed down rather than refused.
PACED: Final = "+PACEAPI"

_FARMS: Final = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)

Handler = Callable[["Session", Record], None]


@dataclass(slots=True)
class Subscriptions:
    """What a client asked to be kept up to date about, by request id where it gave one."""

    positions: bool = False
    #: The account of reqAccountUpdates, of which there is one at a time; empty for none.
    account: str = ""
    #: The accounts of each, and whether it wants the balances by currency alone.
    account_multi: dict[int, tuple[tuple[str, ...], bool]] = field(default_factory=dict)
    positions_multi: dict[int, tuple[str, ...]] = field(default_factory=dict)
    summaries: dict[int, frozenset[str]] = field(default_factory=dict)
    pnl: dict[int, str] = field(default_factory=dict)
    pnl_single: dict[int, tuple[str, int]] = field(default_factory=dict)

    @property
    def any_account(self) -> bool:
        """Whether anything of the account is watched."""
        return bool(
            self.positions
            or self.account
            or self.account_multi
            or self.positions_multi
            or self.summaries
            or self.pnl
            or self.pnl_single
        )


class Session(Connection):
    """A connection; it has a client id once startApi came."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self.watching = Subscriptions()
        self._versioned = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client and all that it watched."""
        self.hub.remove_client(self)
        super().connection_lost(exc)

    def accept(self, fields: list[str]) -> None:
        """Take one frame: the version, the client id, or a request. Raises WireError."""
        if not self._versioned:
            self._agree(fields)
        elif self.client_id is None:
            self._start(fields)
        else:
            self._request(fields)

    def _agree(self, fields: list[str]) -> None:
        """Settle the version: ours must be in the client's range."""
        versions, *options = fields[0].split(" ") if fields else [""]
        words = versions.removeprefix("v").split("..")
        if not all(word.isascii() and word.isdecimal() for word in words) or len(words) > 2:
            raise WireError("no version range in the greeting")
        if not int(words[0]) <= SERVER_VERSION <= int(words[-1]):
            raise WireError(f"version {SERVER_VERSION} is not in the client's range")
        self._versioned = True
        self._is_paced = PACED in options
        now = time.strftime("%Y%m%d %H:%M:%S UTC", time.gmtime(self.hub.now()))
        self.send(frame(f"{SERVER_VERSION}\0{now}\0"))

    def _start(self, fields: list[str]) -> None:
        if fields[0] != str(tables_in.START_API.id):
            raise WireError("a request came before startApi")
        # Clients that only know version 1 of startApi leave the capabilities out.
        record = tables_in.START_API.decode(fields[:4] if len(fields) > 3 else [*fields, ""])
        client_id = record.integer("clientId")
        hub = self.hub
        hub.note_received(client_id, fields)
        self._stop("greeting")
        if hub.faults.take("id-in-use") is not None or not hub.start_client(self, client_id):
            text = "Unable to connect as the client id is already in use. Retry with a unique client id."
            self.send(wire.error(-1, 326, text))
            self.close()
            return
        self.client_id = client_id
        self.send(tables_out.MANAGED_ACCOUNTS.encode({"accounts": hub.accounts()}))
        self.send(tables_out.NEXT_VALID_ID.encode({"orderId": hub.intake.next_id(client_id)}))
        if hub.link.up:
            for code, text in _FARMS:
                self.send(wire.error(-1, code, text))
        else:
            self.send(notice(BROKEN))
        stalls = hub.faults.take("stall")
        if stalls is not None:
            self._later("stall", float(stalls), self.stall)

    def _request(self, fields: list[str]) -> None:
        client_id = self.client_id
        if client_id is None or self._is_too_fast():
            return
        self.hub.note_received(client_id, fields)
        message = tables_in.REQUESTS.get(message_id(fields))
        if message is None:
            self.send(wire.error(_unknown_id(fields), 505, f"Fatal Error: Unknown message id.: {fields[0][:20]}"))
            return
        try:
            record = message.decode(fields)
        except WireError as error:
            text = f"Server error when reading an API client request. {error}"
            self.send(wire.error(_request_id(message.version, fields), 320, text))
            return
        try:
            if self.hub.readonly:
                readonly.check(message)
            if message.id in ORDER_REQUESTS:
                self.hub.intake.take(self, message, fields, record)
            else:
                self.hub.handlers()[message.id](self, record)
        except RefusedError as refusal:
            self.send(wire.error(readonly.refused_id(record), refusal.code, refusal.text))

    def _is_too_fast(self) -> bool:
        """Whether the client sent more than it may; if so it is told and cut."""
        if self._rate is None:
            return False
        received = self._rate.note(asyncio.get_running_loop().time())
        if received <= self._rate.limit:
            return False
        self.send(wire.error(-1, 100, exceeded_text(self._rate.limit, received)))
        self.close()
        return True


def _request_id(version: int | None, fields: list[str]) -> int:
    """Find the request id of a request that can't be read, -1 if there is none."""
    place = 1 if version is None else 2
    word = fields[place] if len(fields) > place else ""
    return int(word) if word.isdecimal() and len(word) <= 10 else -1


def _unknown_id(fields: list[str]) -> int:
    """Find the request id of a message that came after our version: those have no version, the id stands first."""
    return _request_id(None, fields) if message_id(fields) > max(tables_in.REQUESTS) else -1
