"""The watchlist, the search and the subscriptions; desks that come and go."""

from __future__ import annotations

import pytest

from core.domain.commands import Ack, DenialCode, Leave, Qualified, SearchSymbols, SymbolMatches, Unwatch, Watch
from core.domain.entries import InstrumentKnown, WatchlistSet
from core.domain.instruments import Instrument, SecType
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, TSLA, buy, position, status
from tests.execution.rig import rig, settle

SPY = Instrument(con_id=756733, symbol="SPY", sec_type=SecType.STK, exchange="SMART")


def with_spy(broker: FakeBroker) -> None:
    """A third contract."""
    broker.instruments[SPY.con_id] = SPY


def denied(ack: Ack) -> DenialCode:
    """Why not."""
    assert ack.denied is not None
    return ack.denied.code


@jumping
async def test_a_new_profile_gets_its_watchlist_and_keeps_it() -> None:
    async with rig() as first:
        assert first.snapshot.watchlist == (AAPL.con_id, TSLA.con_id)
        assert set(first.broker.subscribed) == {AAPL.con_id, TSLA.con_id}
        rows = list(first.journal.rows)
    assert WatchlistSet(con_ids=(AAPL.con_id, TSLA.con_id)) in rows
    assert InstrumentKnown(instrument=AAPL) in rows

    async with rig(entries=rows, prepare=with_spy) as desk:
        await desk.send(Watch(con_id=SPY.con_id))
        assert desk.snapshot.watchlist == (AAPL.con_id, TSLA.con_id, SPY.con_id)
        assert len([row for row in desk.journal.rows if isinstance(row, InstrumentKnown)]) == 1


@jumping
async def test_watching_qualifies_subscribes_and_answers_with_the_instrument() -> None:
    async with rig(prepare=with_spy) as desk:
        ack = await desk.send(Watch(con_id=SPY.con_id))

        assert ack.result == Qualified(instrument=SPY)
        assert SPY.con_id in desk.broker.subscribed
        unknown = await desk.send(Watch(con_id=1))
        assert denied(unknown) is DenialCode.UNKNOWN_INSTRUMENT
        assert unknown.denied is not None
        assert unknown.denied.message == (
            "The contract with number 1 could not be looked up: The broker knows no contract 1. [200]. "
            "Search for it again ( / )."
        )


@jumping
async def test_unwatching_keeps_the_market_of_what_is_at_stake() -> None:
    def hold(broker: FakeBroker) -> None:
        broker.book_positions.append(position("5", instrument=TSLA))

    async with rig(prepare=hold) as desk:
        await desk.working(buy())
        for con_id in (AAPL.con_id, TSLA.con_id):
            await desk.send(Unwatch(con_id=con_id))
        assert desk.snapshot.watchlist == ()
        assert desk.broker.dropped == []

        desk.say(status(1, "Cancelled"))
        await desk.send(Unwatch(con_id=AAPL.con_id))
        assert desk.broker.dropped == [AAPL.con_id]
        assert [quote.con_id for quote in desk.snapshot.quotes] == [TSLA.con_id]


@jumping
async def test_what_is_held_or_working_is_subscribed_without_being_watched() -> None:
    def hold(broker: FakeBroker) -> None:
        with_spy(broker)
        broker.book_positions.append(position("5", instrument=SPY))

    async with rig(prepare=hold) as desk:
        await settle()

        assert SPY.con_id in desk.broker.subscribed
        assert SPY.con_id not in desk.snapshot.watchlist


@jumping
async def test_searches() -> None:
    async with rig(prepare=with_spy) as desk:
        ack = await desk.send(SearchSymbols(pattern=" s "))
        assert isinstance(ack.result, SymbolMatches)
        assert [match.symbol for match in ack.result.matches] == ["SPY", "TSLA"]
        none = await desk.send(SearchSymbols(pattern="ZZZ"))
        assert isinstance(none.result, SymbolMatches)
        assert none.result.matches == ()


@pytest.mark.parametrize("pattern", ["", "  ", "é", "a\0b"])
@jumping
async def test_what_can_be_no_symbol(pattern: str) -> None:
    async with rig() as desk:
        assert denied(await desk.send(SearchSymbols(pattern=pattern))) is DenialCode.BAD_COMMAND


@jumping
async def test_no_search_without_a_connection() -> None:
    async with rig(ready=False) as desk:
        ack = await desk.send(SearchSymbols(pattern="AAPL"))

        assert denied(ack) is DenialCode.NOT_CONNECTED


@jumping
async def test_core_ends_with_its_last_desk_unless_something_works() -> None:
    async with rig() as desk:
        service = desk.service
        service.desk_attached("one")
        service.desk_attached("two")
        await desk.send(Leave(stop=False), "one")
        service.desk_gone("one")
        assert not service.told_to_stop

        await desk.working()
        await desk.send(Leave(stop=False), "two")
        service.desk_gone("two")
        assert (service.desks, service.told_to_stop) == (0, False), "an order works"
        desk.say(status(1, "Cancelled"))
        assert service.told_to_stop


@jumping
async def test_core_ends_on_demand_with_orders_working() -> None:
    async with rig() as desk:
        await desk.working()
        desk.service.desk_attached("one")
        await desk.send(Leave(stop=True), "one")
        assert not desk.service.told_to_stop, "its socket is still open"
        desk.service.desk_gone("one")

        assert desk.service.told_to_stop


@jumping
@pytest.mark.parametrize("last", [False, None])
async def test_what_an_earlier_desk_wanted_does_not_outlive_the_last_one(last: bool | None) -> None:
    async with rig() as desk:
        await desk.working()
        desk.service.desk_attached("one")
        desk.service.desk_attached("two")
        await desk.send(Leave(stop=True), "one")
        desk.service.desk_gone("one")

        if last is not None:
            await desk.send(Leave(stop=last), "two")
        desk.service.desk_gone("two")

        assert (desk.service.desks, desk.service.told_to_stop) == (0, False)


@jumping
async def test_a_desk_that_is_lost_stops_nothing() -> None:
    async with rig() as desk:
        desk.service.desk_attached("one")
        desk.service.desk_gone("one")

        assert not desk.service.told_to_stop
