"""Every message of the gateway, hostile text in every field of it that may hold text: what core is told is clean."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from core.domain.reports import ErrorReport, OpenOrderReport
from core.practice import tables_out as out
from core.practice.tables import Field, Maybe, Message, Part, Record, Repeat, Value
from core.practice.tables_order import COMPLETED_ORDER, OPEN_ORDER
from tests.broker.scripted import connected, frame
from tests.hostile import CORPUS, MARKUP, texts, unclean

ONE_FIELD = [
    text[:2_000] for kind, text in CORPUS.items() if kind not in {"NUL and DEL", "surrogates", "split account"}
]
"""What one field of a frame can hold: NUL ends it, and the wire is UTF-8."""

MEANT = {
    "action": "BUY",
    "side": "BOT",
    "secType": "STK",
    "yieldDate": "",
    "time": "20261120 10:00:00 UTC",
    "lastTradeDate": "",
    "right": "",
    "multiplier": "",
    "goodTillDate": "",
    "goodAfterTime": "",
}
"""Fields that are read, not shown: with anything else in them the message is refused as a whole."""

HANDSHAKE = {9, 15}
MESSAGES = [*out.RESPONSES.values(), OPEN_ORDER, COMPLETED_ORDER]


def filled(parts: Sequence[Part], text: str, *, meant: bool) -> Record:
    """Values for every field, hostile wherever there may be text; `meant` leaves a sense in those that are read."""
    record = Record()
    for part in parts:
        match part:
            case Field(name=name, kind="s"):
                record[name] = MEANT.get(name, text) if meant else text
            case Field(name=name, kind="b"):
                record[name] = False
            case Field(name=name, kind=kind):
                number: Value = 1 if kind in "iI" else Decimal(1)
                record[name] = number
            case Repeat(name=name, parts=inner):
                record[name] = [filled(inner, text, meant=meant)]
            case Maybe(parts=fields):
                record |= filled(fields, text, meant=meant)
            case _:
                record |= filled(part.parts, text, meant=meant)
    return record


def frames(messages: Sequence[Message], *, meant: bool) -> list[bytes]:
    """Each message with each text."""
    return [
        message.encode(filled(message.parts, text, meant=meant))
        for message in messages
        if message.id not in HANDSHAKE
        for text in ONE_FIELD
    ]


@pytest.mark.row(71)
@pytest.mark.parametrize("meant", [True, False])
async def test_no_report_has_a_text_that_is_not_clean(meant: bool) -> None:
    said = frames(MESSAGES, meant=meant)
    async with connected() as desk:
        desk.peer.send(*said, out.ERROR.encode({"reqId": -1, "code": 2100, "text": "the last one"}))
        await desk.ear.wait_for(
            lambda: any(isinstance(one, ErrorReport) and one.text == "the last one" for one in desk.ear.reports)
        )
        reports = desk.ear.reports

        assert len(said) > 1_000
        assert not [reason for one in reports for text in texts(one) if (reason := unclean(text))]
        assert not [reason for one in desk.ear.ticks for text in texts(one) if (reason := unclean(text))]
        assert desk.ear.ends == []
        if meant:
            assert {type(one).__name__ for one in reports} >= {
                "AccountValueReport",
                "CommissionReport",
                "CompletedOrderReport",
                "ErrorReport",
                "ExecutionReport",
                "OpenOrderReport",
                "OrderStatusReport",
                "PositionReport",
            }
            assert any(isinstance(one, OpenOrderReport) and one.order_ref == MARKUP for one in reports)


async def test_accounts_of_a_hostile_login_are_clean() -> None:
    async with connected() as desk:
        desk.peer.send(*(frame(15, 1, text) for text in ONE_FIELD), frame(15, 1, "DU7654321"))
        await desk.ear.wait_for(lambda: any("DU7654321" in texts(one) for one in desk.ear.reports))

        assert not [reason for one in desk.ear.reports for text in texts(one) if (reason := unclean(text))]
