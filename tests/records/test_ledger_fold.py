"""Journal rows of whole orders, as the execution service writes them, and the ledger's rows of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from core.domain.entries import Entry, InstrumentKnown
from core.domain.orders import OrderState
from core.domain.reports import ErrorClass
from core.errors import NotConnectedError
from core.execution.recorded import Recorded
from core.records.ledger_fold import LedgerFold
from core.records.ledger_rows import LedgerEvent, LedgerRow
from tests.execution.clockwork import START, jumping
from tests.execution.reports import AAPL, D, buy, commission, error, filled, ref, status
from tests.execution.rig import Rig, rig

DAY = date(2026, 11, 20)
INTENT, ACK, REJ, PARTIAL, FILL, CANCEL, PNL = LedgerEvent


def spelt(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def folded(entries: Sequence[Entry], begin: datetime = START, every: timedelta = timedelta(0)) -> LedgerFold:
    fold = LedgerFold()
    for sequence, entry in enumerate([InstrumentKnown(instrument=AAPL), *entries]):
        fold.apply(sequence, spelt(begin + sequence * every), entry)
    return fold


def ledger(desk: Rig) -> list[LedgerRow]:
    """Of everything that the service wrote, in one trading day."""
    return folded(desk.journal.rows).rows.get(DAY, [])


def events(desk: Rig) -> list[LedgerEvent]:
    return [row.event for row in ledger(desk)]


@jumping
async def test_an_order_that_fills_in_two_parts() -> None:
    async with rig() as desk:
        await desk.working(replace(buy(), tag="breakout", strategy="momentum"))
        desk.say(filled(quantity="40", price="233.30", exec_id="0001.01.01"))
        desk.say(filled(quantity="60", price="233.40", exec_id="0001.02.01"))
        desk.say(commission("0001.01.01", "1.00"), commission("0001.02.01", "1.50"))
        intent, ack, partial, fill, snapshot = ledger(desk)

    assert [row.event for row in (intent, ack, partial, fill, snapshot)] == [INTENT, ACK, PARTIAL, FILL, PNL]
    assert {row.order.order_ref for row in (intent, ack, partial, fill, snapshot)} == {ref(1)}
    assert (intent.order.tag, intent.order.strategy, intent.order.arrival_price) == ("breakout", "momentum", "233.335")
    assert (intent.order.symbol, intent.order.sec_type, intent.order.currency) == ("AAPL", "STK", "USD")
    assert (intent.order.perm_id, ack.order.perm_id) == (None, 900_001)
    assert [partial.fill_quantity, partial.fill_price] == [partial.filled, partial.avg_price] == [D(40), D("233.30")]
    assert [fill.fill_quantity, fill.fill_price, fill.filled, fill.avg_price] == [
        D(60),
        D("233.40"),
        D(100),
        D("233.36"),
    ]
    assert [row.commission for row in (partial, fill, snapshot)] == [D("1.00"), D("1.50"), D("2.50")]
    assert (snapshot.filled, snapshot.avg_price, snapshot.commission_currency) == (D(100), D("233.36"), "USD")
    assert snapshot.slippage_bps == (D("233.36") - D("233.335")) / D("233.335") * 10_000
    assert [row.sequence for row in (intent, ack, partial, fill, snapshot)] == sorted(
        row.sequence for row in (intent, ack, partial, fill, snapshot)
    )


@jumping
async def test_a_fill_that_overtakes_the_acknowledgement_is_one() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(filled(quantity="100"))

        assert events(desk) == [INTENT, ACK, FILL, PNL]


@jumping
async def test_an_order_that_is_cancelled_with_a_part_filled() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="40"))
        await desk.cancel()
        desk.say(status(1, "Cancelled"))
        rows = ledger(desk)

        assert [row.event for row in rows] == [INTENT, ACK, PARTIAL, CANCEL, PNL]
        assert (rows[3].filled, rows[4].filled) == (D(40), D(40))


@jumping
async def test_a_fill_behind_the_cancel_stands_behind_it_and_counts_in_the_snapshot() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="40", exec_id="0001.01.01"))
        await desk.cancel()
        desk.say(status(1, "Cancelled"))
        desk.say(filled(quantity="10", exec_id="0001.02.01"))
        rows = ledger(desk)

        assert [row.event for row in rows] == [INTENT, ACK, PARTIAL, CANCEL, PNL, PARTIAL]
        assert (rows[3].filled, rows[4].filled, rows[5].filled) == (D(40), D(50), D(50))


@jumping
async def test_what_a_control_refuses_is_refused_without_an_intent() -> None:
    async with rig() as desk:
        ack = await desk.place(replace(buy(), quantity=D(0)))
        (row,) = ledger(desk)

    assert ack.denied is not None
    assert (row.event, row.order.order_ref, row.order.number) == (REJ, ref(1), None)
    assert row.reason == f"{ack.denied.code}: {ack.denied.message}"


@jumping
async def test_what_the_broker_refuses_says_its_words_and_code() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(error(1, 201, ErrorClass.REJECTED, text="Order rejected - reason: no margin"))
        rows = ledger(desk)

    assert [row.event for row in rows] == [INTENT, REJ]
    assert rows[1].reason is not None
    assert "no margin" in rows[1].reason
    assert "201" in rows[1].reason


@jumping
async def test_an_order_that_never_left_is_refused() -> None:
    async with rig() as desk:
        desk.broker.sending = NotConnectedError("Nothing was sent.")
        await desk.place()

        assert desk.order().state is OrderState.DENIED
        assert events(desk) == [INTENT, REJ]


@jumping
async def test_a_correction_changes_the_row_of_its_fill_and_a_bust_empties_it() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="100", price="233.30", exec_id="0001.01.01"))
        desk.say(filled(quantity="100", price="233.31", exec_id="0001.01.02"))
        corrected = ledger(desk)
        desk.say(filled(quantity="0", price="233.31", exec_id="0001.01.03"))
        busted = ledger(desk)

    assert [row.event for row in corrected] == [row.event for row in busted] == [INTENT, ACK, FILL, PNL]
    fill, snapshot = corrected[2:]
    assert (fill.exec_id, fill.fill_quantity, fill.fill_price) == ("0001.01.02", D(100), D("233.31"))
    assert (fill.reason, snapshot.avg_price) == ("corrected, was 100 @ 233.30 (0001.01.01)", D("233.31"))
    assert (busted[2].fill_quantity, busted[3].filled) == (D(0), D(0))


@jumping
async def test_rows_show_the_terms_of_their_moment() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(price="233.35", quantity="50")
        desk.say(filled(quantity="50", price="233.35"))
        rows = ledger(desk)

        assert [(row.event, row.order.quantity, row.order.limit_price) for row in rows[:3]] == [
            (INTENT, "100", "233.33"),
            (ACK, "100", "233.33"),
            (PARTIAL, "50", "233.35"),
        ]


@jumping
async def test_days_part_at_17_in_new_york_and_late_costs_touch_the_day_of_the_fill() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="100"))
        before = len(desk.journal.rows)
        desk.say(commission())
        entries = list(desk.journal.rows)
    fold = LedgerFold()
    evening = datetime(2026, 11, 20, 21, 59, 59, tzinfo=UTC)
    for sequence, entry in enumerate(entries[:before]):
        fold.apply(sequence, spelt(evening), entry)
    assert set(fold.touched) == {DAY}
    fold.touched.clear()
    for sequence, entry in enumerate(entries[before:], before):
        fold.apply(sequence, spelt(evening + timedelta(seconds=2)), entry)

    assert set(fold.rows) == {DAY}
    assert set(fold.touched) == {DAY}
    assert [row.commission for row in fold.rows[DAY] if row.event is FILL] == [D("1.00")]


@jumping
async def test_what_was_known_before_the_first_row_makes_no_rows() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="40", exec_id="0001.01.01"))
        known = len(desk.journal.rows)
        desk.say(commission("0001.01.01"))
        desk.say(filled(quantity="60", exec_id="0001.02.01"))
        await asyncio.sleep(0)
        entries = list(desk.journal.rows)
    recorded = Recorded()
    for entry in entries[:known]:
        recorded.apply(entry)
    fold = LedgerFold()
    fold.recall([InstrumentKnown(instrument=AAPL), *recorded.entries()])
    for sequence, entry in enumerate(entries[known:]):
        fold.apply(sequence, spelt(START), entry)

    assert [(row.event, row.filled) for row in fold.rows[DAY]] == [(FILL, D(100)), (PNL, D(100))]
