"""Faults of the bytes themselves, put into what a session is about to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.practice import tables_out as out
from core.practice.codec import frame
from core.practice.reports import fields_of, message_id, rename, split
from core.practice.tables_order import OPEN_ORDER

if TYPE_CHECKING:
    from core.practice.hub import Hub

#: What no terminal and no markup parser should ever be handed unchecked: colours, a window title, a clipboard write,
#: a right-to-left override, markup that looks like a tag, one that looks like an action.
HOSTILE: Final = "\x1b[31m\x1b]0;title\x07\x1b]52;c;aGk=\x07\u202e[/bold][@click=app.quit]x[/] "
_UNKNOWN: Final = frame("999\x001\x00nobody knows this\x00")
_HUGE: Final = b"\xff\xff\xff\xff"
#: Where the time stands in the fields of execDetails.
_EXEC_TIME: Final = 15

#: Quotes, depth, bars and ticks: what stops while the line to IBKR is lost.
MARKET_DATA: Final = frozenset({1, 2, 12, 13, 21, 45, 46, 50, 90, 99})
_DEPTH: Final = frozenset({out.DEPTH.id, out.DEPTH_L2.id})


def spoil(hub: Hub, data: bytes) -> bytes:
    """Return whole frames with the faults that are armed."""
    return b"".join(_spoilt(hub, framed) for framed in split(data))


def withheld(data: bytes) -> tuple[bytes, bytes]:
    """Part whole frames for the time that the line is lost: what is sent all the same, and depth to send later.

    A book that lost one of its changes would stay wrong; of all other market data the next tick is enough.
    """
    sent: list[bytes] = []
    later: list[bytes] = []
    for framed in split(data):
        number = message_id(framed)
        if number in _DEPTH:
            later.append(framed)
        elif number not in MARKET_DATA:
            sent.append(framed)
    return b"".join(sent), b"".join(later)


def _spoilt(hub: Hub, framed: bytes) -> bytes:
    faults, number = hub.faults, message_id(framed)
    message = out.RESPONSES.get(number)
    name = "" if message is None else message.name
    if faults.armed("no-message") == name and faults.take("no-message") is not None:
        return b""
    if hub.reports.corrected:
        framed = rename(framed, hub.reports.corrected)
    if hub.reports.held:
        framed = _held(hub.reports.held, framed, number)
    if number == out.ERROR.id and faults.take("hostile-text") is not None:
        record = out.ERROR.decode(fields_of(framed))
        framed = out.ERROR.encode({**record, "text": HOSTILE + record.text("text")})
    if number == out.EXECUTION.id:
        framed = _in_zone(framed, faults.take("exec-zone"))
    if faults.armed("bad-frame") == name and faults.take("bad-frame") is not None:
        framed = frame("".join(f"{field}\0" for field in fields_of(framed)[:-1]))
    if number == out.CURRENT_TIME.id:
        if faults.take("unknown-message") is not None:
            framed = _UNKNOWN + framed
        if faults.take("huge-frame") is not None:
            return _HUGE
    return framed


def _held(held: dict[tuple[int, int], str], framed: bytes, number: int) -> bytes:
    """Return what is said about an order that works as of one that is held."""
    message = {out.ORDER_STATUS.id: out.ORDER_STATUS, OPEN_ORDER.id: OPEN_ORDER}.get(number)
    if message is None:
        return framed
    record = message.decode(fields_of(framed))
    why = held.get((record.integer("clientId"), record.integer("orderId")))
    if why is None or record.text("status") not in {"PreSubmitted", "Submitted"}:
        return framed
    return message.encode({**record, "status": "Inactive", "whyHeld": why})


def _in_zone(framed: bytes, zone: str | None) -> bytes:
    if zone is None:
        return framed
    fields = fields_of(framed)
    day, clock, *_ = fields[_EXEC_TIME].split(" ")
    fields[_EXEC_TIME] = f"{day} {clock} {zone}"
    return frame("".join(f"{field}\0" for field in fields))
