"""Faults of the bytes themselves, put into what a session is about to write."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.practice import tables_out as out
from core.practice.codec import decimal_text, frame
from core.practice.reports import fields_of, message_id, rename, split
from core.practice.tables import Message
from core.practice.tables_order import COMPLETED_ORDER, OPEN_ORDER

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
    for change in _CHANGES.get(number, ()):
        framed = change(hub, framed)
    if number in _TEXTS and faults.take("hostile-text") is not None:
        framed = _hostile(framed, *_TEXTS[number])
    if faults.armed("bad-frame") == name and faults.take("bad-frame") is not None:
        framed = _joined(fields_of(framed)[:-1])
    return framed


def _joined(fields: list[str]) -> bytes:
    return frame("".join(f"{field}\0" for field in fields))


def _hostile(framed: bytes, message: Message, *fields: str) -> bytes:
    """Put the text in front of the fields' own; `rows.field` stands in each of the rows."""
    record = message.decode(fields_of(framed))
    for field in fields:
        rows, _, name = field.rpartition(".")
        for one in record.rows(rows) if rows else (record,):
            one[name] = HOSTILE + one.text(name)
    return message.encode(record)


def _renamed(hub: Hub, framed: bytes) -> bytes:
    return rename(framed, hub.reports.corrected) if hub.reports.corrected else framed


def _held(hub: Hub, framed: bytes) -> bytes:
    """Return what is said about an order that works as of one that is held."""
    if not hub.reports.held:
        return framed
    message = OPEN_ORDER if message_id(framed) == OPEN_ORDER.id else out.ORDER_STATUS
    record = message.decode(fields_of(framed))
    why = hub.reports.held.get((record.integer("clientId"), record.integer("orderId")))
    if why is None or record.text("status") not in {"PreSubmitted", "Submitted"}:
        return framed
    return message.encode({**record, "status": "Inactive", "whyHeld": why})


def _in_zone(hub: Hub, framed: bytes) -> bytes:
    zone = hub.faults.take("exec-zone")
    if zone is None:
        return framed
    fields = fields_of(framed)
    day, clock, *_ = fields[_EXEC_TIME].split(" ")
    fields[_EXEC_TIME] = f"{day} {clock} {zone}"
    return _joined(fields)


def _unfilled(hub: Hub, framed: bytes) -> bytes:
    if hub.faults.take("completed-unfilled") is None:
        return framed
    return COMPLETED_ORDER.encode({**COMPLETED_ORDER.decode(fields_of(framed)), "filledQuantity": 0})


def _bad_quote(hub: Hub, framed: bytes) -> bytes:
    fields = fields_of(framed)
    kind, price = fields[3], fields[4]
    if kind not in {"1", "2"}:
        return framed
    wrong = hub.faults.take("bad-quote")
    if wrong is None or (wrong == "crossed" and kind == "2"):
        return framed
    fields[4] = {"zero": "0", "minus": "-1", "nan": "nan"}.get(wrong) or decimal_text(2 * Decimal(price))
    return _joined(fields)


def _garbage(hub: Hub, framed: bytes) -> bytes:
    if hub.faults.take("unknown-message") is not None:
        framed = _UNKNOWN + framed
    return framed if hub.faults.take("huge-frame") is None else _HUGE


#: Where text from outside stands that a client may show to a person.
_TEXTS: Final[dict[int, tuple[Message, *tuple[str, ...]]]] = {
    out.ERROR.id: (out.ERROR, "text"),
    out.CONTRACT_DETAILS.id: (out.CONTRACT_DETAILS, "longName"),
    out.SYMBOL_SAMPLES.id: (out.SYMBOL_SAMPLES, "samples.description"),
    COMPLETED_ORDER.id: (COMPLETED_ORDER, "completedStatus"),
    OPEN_ORDER.id: (OPEN_ORDER, "warningText"),
    out.TICK_NEWS.id: (out.TICK_NEWS, "headline"),
    out.HISTORICAL_NEWS.id: (out.HISTORICAL_NEWS, "headline"),
}
_CHANGES: Final[dict[int, tuple[Callable[[Hub, bytes], bytes], ...]]] = {
    out.TICK_PRICE.id: (_bad_quote,),
    out.ORDER_STATUS.id: (_held,),
    OPEN_ORDER.id: (_held,),
    out.EXECUTION.id: (_renamed, _in_zone),
    out.COMMISSION.id: (_renamed,),
    COMPLETED_ORDER.id: (_unfilled,),
    out.CURRENT_TIME.id: (_garbage,),
}
