"""Market data lines: who gets them as desks look, hold, order and leave; contracts looked up anew each day."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from core.domain.commands import SetViewers, Unwatch, Watch
from core.domain.entries import InstrumentKnown, WatchlistSet
from core.domain.instruments import Instrument, SecType
from core.domain.reports import ErrorClass, ErrorReport, RequestKind
from core.market.subscriptions import PROBE_SECONDS
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, TSLA, buy, position, status
from tests.execution.rig import rig, settle

STOCKS = [
    Instrument(con_id=number, symbol=f"S{number}", sec_type=SecType.STK, exchange="SMART") for number in range(1, 13)
]
WATCHED = (WatchlistSet(con_ids=tuple(one.con_id for one in STOCKS)),)
KNOWN = [InstrumentKnown(instrument=one) for one in STOCKS]


def listed(broker: FakeBroker) -> None:
    """Twelve stocks beside the two."""
    broker.instruments |= {one.con_id: one for one in STOCKS}


def link(code: int, error_class: ErrorClass) -> ErrorReport:
    """News of IBKR's own link."""
    return ErrorReport(
        request_id=-1, kind=RequestKind.CONNECTION, code=code, text="IBKR's link", error_class=error_class
    )


@jumping
async def test_what_is_in_sight_is_quoted_and_what_lost_its_line_is_stale_with_its_age() -> None:
    async with rig(entries=[*WATCHED, *KNOWN], prepare=listed, lines=4) as desk:
        assert set(desk.broker.subscribed) == {1, 2, 3, 4}
        desk.quote(con_id=1)
        heard = next(quote for quote in desk.snapshot.quotes if quote.con_id == 1)

        await desk.send(SetViewers(con_ids=(9, 10, 11, 12)))
        await desk.pass_time(5.0)

        assert set(desk.broker.subscribed) == {9, 10, 11, 12}
        assert next(quote for quote in desk.snapshot.quotes if quote.con_id == 1) == replace(heard, stale=True)
        assert heard.updated is not None


@jumping
async def test_a_desk_that_leaves_looks_at_nothing() -> None:
    async with rig(entries=[*WATCHED, *KNOWN], prepare=listed, lines=2) as desk:
        for name, con_ids in (("one", (9, 10)), ("two", (11, 12))):
            desk.service.desk_attached(name)
            await desk.send(SetViewers(con_ids=con_ids), name)
        desk.service.desk_gone("one")
        await desk.pass_time(2.0)

        assert set(desk.broker.subscribed) == {11, 12}


@jumping
async def test_positions_and_live_orders_keep_their_line_whatever_is_in_sight() -> None:
    def hold(broker: FakeBroker) -> None:
        listed(broker)
        broker.book_positions.append(position("5", instrument=STOCKS[11]))

    async with rig(entries=[*WATCHED, *KNOWN, InstrumentKnown(instrument=AAPL)], prepare=hold, lines=3) as desk:
        await desk.send(Watch(con_id=AAPL.con_id))
        desk.quote()
        await desk.working(buy())
        await desk.send(SetViewers(con_ids=(5, 6, 7)))
        await desk.pass_time(2.0)
        assert set(desk.broker.subscribed) > {12, AAPL.con_id}
        assert len(desk.broker.subscribed) == 3

        desk.say(status(1, "Cancelled"))
        await desk.send(Unwatch(con_id=AAPL.con_id))
        await desk.pass_time(2.0)
        assert len(set(desk.broker.subscribed) & {5, 6, 7}) == 2


@jumping
async def test_what_is_asked_for_by_name_is_quoted_at_once() -> None:
    async with rig(entries=[*WATCHED, *KNOWN], prepare=listed, lines=2) as desk:
        await desk.pass_time(2.0)
        await desk.send(Watch(con_id=9))

        assert 9 in desk.broker.subscribed


@jumping
async def test_the_account_having_fewer_lines_than_thought_shrinks_the_budget() -> None:
    async with rig(entries=[*WATCHED, *KNOWN], prepare=listed, lines=4) as desk:
        await desk.pass_time(2.0)
        desk.broker.subscribed.pop(4)
        desk.say(
            ErrorReport(
                request_id=9,
                kind=RequestKind.MARKET_DATA,
                code=101,
                text="S4: Max number of tickers has been reached.",
                error_class=ErrorClass.DATA_ONLY,
                ends_con_id=4,
            )
        )
        await desk.pass_time(60.0)

        assert desk.broker.subscribed == {1: 1, 2: 1, 3: 1}
        await desk.pass_time(PROBE_SECONDS)
        assert set(desk.broker.subscribed) == {1, 2, 3, 4}


@jumping
async def test_a_quote_whose_subscription_the_broker_ends_is_old() -> None:
    async with rig() as desk:
        desk.say(
            ErrorReport(
                request_id=9,
                kind=RequestKind.MARKET_DATA,
                code=200,
                text="AAPL: No security definition has been found for the request",
                error_class=ErrorClass.DATA_ONLY,
                ends_con_id=AAPL.con_id,
            )
        )

        assert {quote.con_id: quote.stale for quote in desk.snapshot.quotes} == {AAPL.con_id: True, TSLA.con_id: False}


@jumping
async def test_contracts_are_looked_up_anew_when_the_trading_day_rolls() -> None:
    close_to_five = datetime(2026, 11, 20, 21, 59, tzinfo=UTC)
    async with rig(start=close_to_five) as desk:
        changed = replace(AAPL, trading_hours="other hours")
        desk.broker.instruments[AAPL.con_id] = changed
        await desk.pass_time(50.0)
        assert changed not in desk.snapshot.instruments

        await desk.pass_time(20.0)
        await settle()
        assert changed in desk.snapshot.instruments


@jumping
async def test_quotes_are_old_within_three_seconds_of_silence_and_fresh_with_the_next_answer() -> None:
    async with rig() as desk:
        await desk.pass_time(2.5)
        desk.broker.answers_pings.clear()
        await desk.pass_time(3.5)
        assert all(quote.stale for quote in desk.snapshot.quotes)
        assert desk.connection.can_trade, "the connection may yet answer"

        desk.broker.answers_pings.set()
        await settle()
        assert not any(quote.stale for quote in desk.snapshot.quotes)


@jumping
async def test_quotes_are_old_while_ibkrs_own_link_is_down_though_the_gateway_answers() -> None:
    async with rig() as desk:
        desk.say(link(1100, ErrorClass.LINK_DOWN))
        assert all(quote.stale for quote in desk.snapshot.quotes)
        await desk.pass_time(10.0)
        assert all(quote.stale for quote in desk.snapshot.quotes)

        desk.say(link(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.pass_time(3.0)
        assert not any(quote.stale for quote in desk.snapshot.quotes)


def farm(code: int, text: str, error_class: ErrorClass) -> ErrorReport:
    """News of a data farm."""
    return ErrorReport(request_id=-1, kind=RequestKind.CONNECTION, code=code, text=text, error_class=error_class)


BROKEN = farm(2103, "Market data farm connection is broken:usfarm", ErrorClass.FARM_DOWN)
RESTORED = farm(2104, "Market data farm connection is OK:usfarm", ErrorClass.FARM_UP)


@jumping
async def test_quotes_of_a_broken_farm_are_old_until_they_tick_and_it_is_said_once() -> None:
    async with rig() as desk:
        desk.say(BROKEN)
        desk.say(BROKEN)
        assert all(quote.stale for quote in desk.snapshot.quotes)
        assert [text for text in desk.told() if "farm" in text] == [
            "The market data farm usfarm is broken: every quote is old until it ticks again. Type prices. [2103]"
        ]

        desk.quote()
        await desk.pass_time(10.0)
        fresh = [quote.con_id for quote in desk.snapshot.quotes if not quote.stale]
        assert fresh == [AAPL.con_id], "it ticks, from another farm; that the gateway answers makes no other one fresh"


@jumping
async def test_what_did_not_tick_is_asked_for_anew_once_the_farm_is_back() -> None:
    async with rig() as desk:
        desk.say(BROKEN)
        desk.quote()
        desk.say(RESTORED)
        await desk.pass_time(2.0)
        quotes = {quote.con_id: quote for quote in desk.snapshot.quotes}
        assert desk.broker.dropped == [TSLA.con_id]
        assert set(desk.broker.subscribed) == {AAPL.con_id, TSLA.con_id}
        assert quotes[TSLA.con_id].stale, "that the farm is back proves nothing of this one"
        assert quotes[TSLA.con_id].bid is not None

        desk.quote("413.70", "413.78", TSLA.con_id)
        assert not any(quote.stale for quote in desk.snapshot.quotes)
        desk.say(RESTORED)
        await desk.pass_time(2.0)
        assert desk.broker.dropped == [TSLA.con_id]


@jumping
async def test_other_farms_make_no_quote_old_and_are_told_in_their_own_words() -> None:
    async with rig() as desk:
        for code, name in ((2105, "ushmds"), (2157, "secdefil")):
            desk.say(farm(code, f"It is broken:{name}", ErrorClass.FARM_DOWN))
        assert not any(quote.stale for quote in desk.snapshot.quotes)
        assert [text.partition(":")[0] for text in desk.told()[-2:]] == [
            "The history farm ushmds is broken",
            "The contract farm secdefil is broken",
        ]
