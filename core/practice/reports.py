"""The way back: what happens to an order's reports between the desk and its client.

Only what the desk says by itself passes here; answers to requests do not. Without latency, faults or a lost line a
report goes straight to the session.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.practice import tables_out as out
from core.practice.codec import frame
from core.practice.tables_order import OPEN_ORDER
from core.practice.timers import Timers

if TYPE_CHECKING:
    from core.practice.hub import Hub

#: The order of a shuffled turn, by message id: executions before everything that would announce them.
_SHUFFLED: Final = (out.EXECUTION.id, out.COMMISSION.id, out.ORDER_STATUS.id, out.ERROR.id, OPEN_ORDER.id)

#: Where the execution id stands in the fields of execDetails and commissionReport.
_EXEC_ID: Final = 14
_COMMISSION_EXEC_ID: Final = 2


def split(data: bytes) -> Iterator[bytes]:
    """Give the frames in a run of whole frames, each with its length."""
    position = 0
    while position < len(data):
        end = position + 4 + int.from_bytes(data[position : position + 4], "big")
        yield data[position:end]
        position = end


def fields_of(framed: bytes) -> list[str]:
    """Return the fields of one frame."""
    return framed[4:-1].decode().split("\0")


def message_id(framed: bytes) -> int:
    """Return the message id of one frame."""
    return int(framed[4 : framed.index(b"\0", 4)])


def next_revision(exec_id: str) -> str:
    """Return the id of the next revision of an execution: the last of its parts counts them."""
    stem, _, revision = exec_id.rpartition(".")
    return f"{stem}.{int(revision) + 1:02d}"


class Reports:
    """Hands reports to the clients, late, twice, or not at all if that was asked for."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        #: When the last report for a client arrives, so that none overtakes another.
        self._arrivals: dict[int, float] = {}
        self._timers = Timers()
        self._silent: set[tuple[int, int]] = set()
        #: Reports of this turn that will be sent in another order, by client.
        self._turn: dict[int, list[bytes]] = {}
        #: Executions that were corrected, by the id that was wrong.
        self.corrected: dict[str, str] = {}
        #: What holds an order that is reported as Inactive, by client id and order id.
        self.held: dict[tuple[int, int], str] = {}
        #: Executions that come late, with their seconds, until their commission follows them.
        self._late_fills: dict[str, str] = {}

    def send(self, client_id: int, data: bytes) -> None:
        """Send whole frames to a client; nothing happens if it is not connected when they arrive."""
        hub = self._hub
        if not hub.link.up:
            # What IBKR said meanwhile never comes by itself.
            return
        if not hub.faults and not self._silent:
            self._carry(client_id, data)
            return
        for framed in split(data):
            self._send_one(client_id, framed)

    def silence(self, client_id: int, order_id: int) -> None:
        """Never say anything about an order by itself."""
        self._silent.add((client_id, order_id))

    @property
    def rewrites(self) -> bool:
        """Whether earlier faults still change what is said about an order, answers to requests included."""
        return bool(self.corrected or self.held)

    def end_turn(self) -> None:
        """Send what was held for the end of the turn."""
        if not self._turn:
            return
        turns, self._turn = self._turn, {}
        for client_id, frames in turns.items():
            frames.sort(key=lambda framed: _place(message_id(framed)))
            self._carry(client_id, b"".join(frames))

    def stop(self) -> None:
        """Lose what is on its way."""
        self._timers.stop()
        self._turn.clear()

    def _carry(self, client_id: int, data: bytes) -> None:
        latency = self._hub.latency
        if not latency:
            self._hub.deliver(client_id, data)
            return
        loop = asyncio.get_running_loop()
        # Timers of the very same moment may run in any order.
        at = max(loop.time() + latency.report(), math.nextafter(self._arrivals.get(client_id, 0.0), math.inf))
        self._arrivals[client_id] = at
        self._at(at, client_id, data)

    def _late(self, client_id: int, data: bytes, seconds: str) -> None:
        self._at(asyncio.get_running_loop().time() + float(seconds), client_id, data)

    def _at(self, when: float, client_id: int, data: bytes) -> None:
        def arrive() -> None:
            if self._hub.link.up:
                self._hub.deliver(client_id, data)
                self._hub.end_turn()

        self._timers.at(when, arrive)

    def _send_one(self, client_id: int, framed: bytes) -> None:
        number = message_id(framed)
        if self._silent and self._is_silent(client_id, number, framed):
            return
        transform = self._TRANSFORMS.get(number)
        frames = [framed] if transform is None else transform(self, client_id, framed)
        copies = int(self._hub.faults.take("duplicate") or 1) if frames else 1
        for one in frames * copies:
            if self._hub.faults.armed("shuffle") is None:
                self._carry(client_id, one)
            else:
                self._turn.setdefault(client_id, []).append(one)

    def _is_silent(self, client_id: int, number: int, framed: bytes) -> bool:
        fields = fields_of(framed)
        if number == out.COMMISSION.id:
            return any(
                fill.exec_id == fields[2] and (client_id, fill.order_id) in self._silent
                for fill in reversed(self._hub.ledger.executions)
            )
        place = 2 if number in {out.EXECUTION.id, out.ERROR.id} else 1
        return len(fields) > place and fields[place].isdecimal() and (client_id, int(fields[place])) in self._silent

    def _status(self, client_id: int, framed: bytes) -> list[bytes]:
        faults = self._hub.faults
        record = out.ORDER_STATUS.decode(fields_of(framed))
        status = record.text("status")
        if faults.armed("no-order-status") in {"", status} and faults.take("no-order-status") is not None:
            return []
        if status == "Filled":
            seconds = faults.take("late-submitted")
            if seconds is not None:
                total = (record.number("filled") or Decimal(0)) + (record.number("remaining") or Decimal(0))
                record.update(status="Submitted", filled=0, remaining=total, avgFillPrice=0, lastFillPrice=0)
                self._late(client_id, out.ORDER_STATUS.encode(record), seconds)
        return [framed]

    def _open_order(self, client_id: int, framed: bytes) -> list[bytes]:
        return [framed] if self._hub.faults.take("no-open-order") is None else []

    def _execution(self, client_id: int, framed: bytes) -> list[bytes]:
        frames = [framed]
        if self._hub.faults.take("exec-correction") is not None:
            frames = self._corrected(framed)
        seconds = self._hub.faults.take("late-exec")
        if seconds is None:
            return frames
        self._late_fills[fields_of(framed)[_EXEC_ID]] = seconds
        for one in frames:
            self._late(client_id, one, seconds)
        return []

    def _corrected(self, framed: bytes) -> list[bytes]:
        record = out.EXECUTION.decode(fields_of(framed))
        instrument = self._hub.catalogue.by_id[record.integer("conId")]
        price, exec_id = record.number("price") or Decimal(0), record.text("execId")
        self.corrected[exec_id] = next_revision(exec_id)
        wrong = out.EXECUTION.encode({**record, "price": price + instrument.min_tick})
        return [wrong, out.EXECUTION.encode({**record, "execId": self.corrected[exec_id]})]

    def _commission(self, client_id: int, framed: bytes) -> list[bytes]:
        faults = self._hub.faults
        exec_id = fields_of(framed)[_COMMISSION_EXEC_ID]
        framed = rename(framed, self.corrected)
        if faults.take("no-commission") is not None:
            return []
        seconds = faults.take("late-commission") or self._late_fills.pop(exec_id, None)
        if seconds is None:
            return [framed]
        self._late(client_id, framed, seconds)
        return []

    _TRANSFORMS: Final[dict[int, Callable[[Reports, int, bytes], list[bytes]]]] = {
        out.ORDER_STATUS.id: _status,
        OPEN_ORDER.id: _open_order,
        out.EXECUTION.id: _execution,
        out.COMMISSION.id: _commission,
    }


def _place(number: int) -> int:
    return _SHUFFLED.index(number) if number in _SHUFFLED else len(_SHUFFLED)


def rename(framed: bytes, corrected: dict[str, str]) -> bytes:
    """Return execDetails or commissionReport with the id of its last revision."""
    number = message_id(framed)
    if number not in {out.EXECUTION.id, out.COMMISSION.id}:
        return framed
    fields = fields_of(framed)
    # An execution that comes by itself carries the id that it shall have.
    place = _COMMISSION_EXEC_ID if number == out.COMMISSION.id else _EXEC_ID
    if number == out.EXECUTION.id and fields[1] == "-1":
        return framed
    fields[place] = corrected.get(fields[place], fields[place])
    return frame("\0".join(fields) + "\0")
