"""Quotes: subscriptions, ticks, what "no price" looks like, delayed and halted markets."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.instruments import SecType
from core.domain.reports import ErrorReport, RequestKind, Tick, TickField
from tests.broker.scripted import AAPL, Desk, connected, frame

UNSET = "1.7976931348623157E308"


async def subscribed(desk: Desk) -> str:
    """Start AAPL; the id of the request."""
    desk.broker.subscribe_quotes(AAPL)
    return (await desk.peer.message(1))[2]


async def ticks(desk: Desk, *frames: bytes, count: int = 1) -> list[tuple[TickField, Decimal | None]]:
    """What the listener is told when the gateway says these in one piece."""
    desk.peer.send(*frames)
    await desk.ear.wait_for(lambda: len(desk.ear.ticks) >= count)
    assert {tick.con_id for tick in desk.ear.ticks} == {AAPL.con_id}
    return [(tick.field, tick.value) for tick in desk.ear.ticks]


async def test_request_names_the_contract() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)

        assert desk.peer.seen[-1] == [
            *["1", "11", request_id, "265598", "AAPL", "STK", "", "0.0", "", "", "SMART", "NASDAQ", "USD", "AAPL", ""],
            *["0", "", "0", "0", ""],
        ]


async def test_one_read_is_one_batch() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)
        told = await ticks(
            desk,
            frame(1, 6, request_id, 1, "233.32", "300", 1),
            frame(1, 6, request_id, 2, "233.33", "", 1),
            frame(2, 6, request_id, 3, "500"),
            frame(2, 6, request_id, 8, "1234567"),
            frame(1, 6, request_id, 9, "231.5", "0", 0),
            count=6,
        )

        assert told == [
            (TickField.BID, Decimal("233.32")),
            (TickField.BID_SIZE, Decimal(300)),
            (TickField.ASK, Decimal("233.33")),
            (TickField.ASK_SIZE, Decimal(500)),
            (TickField.VOLUME, Decimal(1234567)),
            (TickField.CLOSE, Decimal("231.5")),
        ]
        assert len(desk.ear.tick_batches) == 1


@pytest.mark.parametrize(
    ("tick_type", "field"),
    [
        (1, TickField.BID),
        (2, TickField.ASK),
        (4, TickField.LAST),
        (6, TickField.HIGH),
        (7, TickField.LOW),
        (9, TickField.CLOSE),
        (14, TickField.OPEN),
    ],
)
async def test_price_fields(tick_type: int, field: TickField) -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)

        assert await ticks(desk, frame(1, 6, request_id, tick_type, "0.30000000000000004", "", 0)) == [
            (field, Decimal("0.30000000000000004"))
        ]


@pytest.mark.parametrize(
    ("tick_type", "field"),
    [
        (0, TickField.BID_SIZE),
        (3, TickField.ASK_SIZE),
        (5, TickField.LAST_SIZE),
        (8, TickField.VOLUME),
        (69, TickField.BID_SIZE),
        (70, TickField.ASK_SIZE),
        (71, TickField.LAST_SIZE),
        (74, TickField.VOLUME),
    ],
)
async def test_size_fields(tick_type: int, field: TickField) -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)

        assert await ticks(desk, frame(2, 6, request_id, tick_type, "0.5")) == [(field, Decimal("0.5"))]


@pytest.mark.parametrize("price", ["-1", "-1.0", "", UNSET, "0", "0.0"])
async def test_no_bid_is_none(price: str) -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)

        assert await ticks(desk, frame(1, 6, request_id, 1, price, "0", 0), count=2) == [
            (TickField.BID, None),
            (TickField.BID_SIZE, Decimal(0)),
        ]


async def test_a_combination_can_cost_minus_one() -> None:
    async with connected() as desk:
        desk.broker.subscribe_quotes(replace(AAPL, sec_type=SecType.BAG))
        request_id = (await desk.peer.message(1))[2]
        told = await ticks(
            desk, frame(1, 6, request_id, 1, "-1", "5", 0), frame(1, 6, request_id, 2, "-1", "0", 0), count=4
        )

        assert told[0] == (TickField.BID, Decimal(-1))
        assert told[2] == (TickField.ASK, None)


async def test_what_somebody_shows_a_size_for_can_cost_nothing() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)

        assert (await ticks(desk, frame(1, 6, request_id, 1, "0", "5", 0), count=2))[0] == (TickField.BID, Decimal(0))


async def test_a_combination_can_cost_nothing() -> None:
    async with connected() as desk:
        desk.broker.subscribe_quotes(replace(AAPL, sec_type=SecType.BAG))
        request_id = (await desk.peer.message(1))[2]

        assert await ticks(desk, frame(1, 6, request_id, 9, "0", "0", 0)) == [(TickField.CLOSE, Decimal(0))]


async def test_delayed_ticks_say_so_once() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)
        told = await ticks(
            desk, frame(1, 6, request_id, 66, "1", "", 0), frame(1, 6, request_id, 67, "2", "", 0), count=3
        )

        assert told == [
            (TickField.DATA_TYPE, Decimal(3)),
            (TickField.BID, Decimal(1)),
            (TickField.ASK, Decimal(2)),
        ]


async def test_data_type_and_halts() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)
        told = await ticks(
            desk,
            frame(58, 1, request_id, 4),
            frame(58, 1, request_id, 9),
            frame(1, 6, request_id, 68, "3", "", 0),
            frame(45, 6, request_id, 49, "2.0"),
            frame(45, 6, request_id, 49, "0.0"),
            frame(45, 6, request_id, 49, "-1.0"),
            frame(45, 6, request_id, 24, "0.31"),
            frame(1, 6, request_id, 50, "1", "", 0),
            count=5,
        )

        assert told == [
            (TickField.DATA_TYPE, Decimal(4)),
            (TickField.LAST, Decimal(3)),
            (TickField.HALTED, Decimal(1)),
            (TickField.HALTED, Decimal(0)),
            (TickField.HALTED, None),
        ]


async def test_second_subscription_does_nothing_and_the_last_word_is_a_cancel() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)
        desk.broker.subscribe_quotes(AAPL)
        assert desk.broker.lines == 1
        desk.broker.unsubscribe_quotes(AAPL.con_id)
        desk.broker.unsubscribe_quotes(AAPL.con_id)
        assert await desk.peer.message(2) == ["2", "2", request_id]
        assert desk.broker.lines == 0
        desk.broker.subscribe_quotes(AAPL)
        await desk.peer.wait_for(lambda: [fields[0] for fields in desk.peer.seen] == ["71", "59", "1", "2", "1"])
        again = desk.peer.seen[-1][2]
        # Ticks of the ended request are too late to count.
        assert await ticks(desk, frame(1, 6, request_id, 1, "1", "", 0), frame(1, 6, again, 1, "2", "", 0)) == [
            (TickField.BID, Decimal(2))
        ]


async def test_refused_subscription_frees_its_line_and_says_whose_it_was() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)
        desk.peer.send(frame(4, 2, request_id, 10167, "Displaying delayed market data.", ""))
        await desk.ear.wait_for(lambda: len(desk.ear.reports) == 1)
        assert desk.broker.lines == 1
        desk.peer.send(frame(4, 2, request_id, 200, "No security definition has been found.", ""))
        await desk.ear.wait_for(lambda: len(desk.ear.reports) == 2)
        assert desk.broker.lines == 0
        report = desk.ear.reports[1]

        assert isinstance(report, ErrorReport)
        assert (report.kind, report.text, report.ends_con_id) == (
            RequestKind.MARKET_DATA,
            "AAPL: No security definition has been found.",
            AAPL.con_id,
        )


@pytest.mark.parametrize("code", [354, 10089, 10168, 10186])
async def test_where_live_data_is_refused_delayed_data_is_asked_for_once(code: int) -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)
        desk.peer.send(frame(4, 2, request_id, code, "Requested market data is not subscribed.", ""))
        await desk.peer.wait_for(lambda: len(asked_for(desk)) == 4)
        again = desk.peer.seen[-1][2]
        assert (again != request_id, desk.broker.lines) == (True, 1)

        desk.peer.send(frame(4, 2, again, code, "Requested market data is not subscribed.", ""))
        await desk.ear.wait_for(lambda: len(desk.ear.reports) == 2)
        ends = [report.ends_con_id for report in desk.ear.reports if isinstance(report, ErrorReport)]

        assert asked_for(desk) == ["frozen will do", "AAPL", "delayed will do", "AAPL"]
        assert ends == [0, AAPL.con_id], "the first refusal ended nothing: delayed data was asked for"
        assert desk.broker.lines == 0


async def test_others_are_asked_for_as_before_and_a_refused_one_is_not_refused_again() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)
        desk.peer.send(frame(4, 2, request_id, 354, "Requested market data is not subscribed.", ""))
        await desk.peer.wait_for(lambda: len(asked_for(desk)) == 4)
        for symbol, con_id in (("TSLA", 76792991), ("SPY", 756733)):
            desk.broker.subscribe_quotes(replace(AAPL, con_id=con_id, symbol=symbol))
        desk.broker.unsubscribe_quotes(AAPL.con_id)
        desk.broker.subscribe_quotes(AAPL)
        await desk.peer.wait_for(lambda: len(asked_for(desk)) == 9)

        assert asked_for(desk)[4:] == ["frozen will do", "TSLA", "SPY", "delayed will do", "AAPL"]


def asked_for(desk: Desk) -> list[str]:
    """What was asked of the market, in order: kinds of data and symbols."""
    kinds = {"2": "frozen will do", "4": "delayed will do"}
    asked = [fields for fields in desk.peer.seen if fields[0] in ("1", "59")]
    return [kinds[fields[2]] if fields[0] == "59" else fields[4] for fields in asked]


async def test_subscriptions_end_with_the_connection() -> None:
    async with connected() as desk:
        await subscribed(desk)
        desk.peer.hang_up()
        await desk.ear.wait_for(lambda: bool(desk.ear.ends))

        assert desk.broker.lines == 0


async def test_ticks_and_reports_of_one_read_are_told_apart() -> None:
    async with connected() as desk:
        request_id = await subscribed(desk)
        desk.peer.send(frame(1, 6, request_id, 4, "233", "1", 0), frame(4, 2, -1, 2104, "ok:usfarm", ""))
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))

        assert desk.ear.order == ["ticks", "reports"], "a farm that breaks makes the ticks before it old"
        assert desk.ear.ticks[0] == Tick(con_id=AAPL.con_id, field=TickField.LAST, value=Decimal(233))
        assert len(desk.ear.reports) == 1
