"""Price alerts of a running service: set durably, fired once, by a live market alone, over restarts."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from core.domain.alerts import MOST_PRICE_ALERTS, Alert, AlertKind, Comparison, PriceAlert
from core.domain.commands import Ack, AddAlert, DenialCode, RemoveAlert
from core.domain.entries import Entry, FactRecorded, PriceAlertsSet
from core.domain.events import AlertChanged, PriceAlertsUpdated
from core.domain.instruments import Instrument, SecType
from core.domain.reports import Tick, TickField
from core.execution.alerts import LOOK_SECONDS, AlertOptions
from core.execution.price_alerts import BLIND_SECONDS
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, TSLA
from tests.execution.rig import Rig, rig, settle
from tests.execution.test_alerts import Hook

D = Decimal
GME = Instrument(con_id=36285627, symbol="GME", sec_type=SecType.STK, exchange="SMART", order_types=("LMT", "MKT"))


def gme(broker: FakeBroker) -> None:
    """A contract that nobody watches."""
    broker.instruments[GME.con_id] = GME


async def above(desk: Rig, price: str = "234", con_id: int = AAPL.con_id) -> Ack:
    """Wait for a higher price."""
    return await desk.send(AddAlert(con_id=con_id, comparison=Comparison.ABOVE, price=D(price)), "ibdesk alerts")


def waiting(desk: Rig) -> list[str]:
    """What waits, in words."""
    return [one.text for one in desk.snapshot.price_alerts]


def fired(desk: Rig) -> list[Alert]:
    """What has fired."""
    return desk.alerts(AlertKind.PRICE)


@pytest.mark.covers("D4.9")
@jumping
async def test_a_price_alert_is_durable_before_it_is_acknowledged() -> None:
    async with rig() as desk:
        desk.journal.held = True
        asking = asyncio.create_task(above(desk))
        await settle()
        assert not asking.done()

        desk.journal.release()
        ack = await asking
        assert ack.ok
        assert isinstance(ack.result, PriceAlert)
        assert (ack.result.number, ack.result.text, ack.result.by) == (1, "AAPL > 234", "ibdesk alerts")
        assert desk.snapshot.price_alerts == (ack.result,)
        assert PriceAlertsUpdated(price_alerts=(ack.result,)) in desk.events


@pytest.mark.covers("D4.9")
@jumping
async def test_it_fires_once_and_is_gone_in_the_row_before_its_alert() -> None:
    hook = Hook()
    async with rig(alerts=AlertOptions(hook=hook)) as desk:
        await above(desk)
        desk.quote("233.90", "234.10")
        await settle()
        assert fired(desk) == []

        for bid in ("234.01", "234.50", "233.00", "234.50"):
            desk.quote(bid, "235")
        await desk.pass_time(5)

        (alert,) = fired(desk)
        assert alert.text == "AAPL > 234: the bid is 234.01. Price alert 1 has fired and is gone."
        assert (alert.count, alert.con_id, alert.lasting) == (1, AAPL.con_id, False)
        assert waiting(desk) == []
        assert [called.text for called in hook.called] == [alert.text]
        rows = desk.journal.rows
        last = max(number for number, row in enumerate(rows) if isinstance(row, PriceAlertsSet))
        assert rows[last] == PriceAlertsSet(price_alerts=(), highest=1)
        assert rows[last + 1] == FactRecorded(fact=AlertChanged(alert=alert, rings=True))


@jumping
async def test_several_that_one_quote_meets_fire_each() -> None:
    async with rig() as desk:
        await above(desk, "234")
        await above(desk, "235")
        await above(desk, "300")
        await above(desk, "500", TSLA.con_id)
        desk.quote("236", "236.10")
        await settle()

        assert [alert.text.partition(":")[0] for alert in fired(desk)] == ["AAPL > 234", "AAPL > 235"]
        assert waiting(desk) == ["AAPL > 300", "TSLA > 500"]


@pytest.mark.covers("D4.9")
@jumping
async def test_a_stale_or_halted_market_fires_nothing() -> None:
    async with rig() as desk:
        await above(desk)
        desk.broker.answers_pings.clear()
        await desk.pass_time(5)
        assert all(quote.stale for quote in desk.snapshot.quotes)
        desk.service.on_ticks([Tick(con_id=AAPL.con_id, field=TickField.HALTED, value=D(1))])
        desk.quote("240", "241")
        await settle()
        assert fired(desk) == []
        assert waiting(desk) == ["AAPL > 234"]

        desk.service.on_ticks([Tick(con_id=AAPL.con_id, field=TickField.HALTED, value=D(0))])
        await settle()
        assert len(fired(desk)) == 1


@jumping
async def test_the_same_one_twice_is_one() -> None:
    async with rig() as desk:
        first, second = await above(desk), await above(desk, "234.00")

        assert second.result == first.result
        assert waiting(desk) == ["AAPL > 234"]


@jumping
async def test_one_that_holds_already_is_refused_with_the_price() -> None:
    async with rig() as desk:
        ack = await above(desk, "200")

        assert ack.denied is not None
        assert (ack.denied.code, waiting(desk)) == (DenialCode.ALERT, [])
        assert ack.denied.message == (
            "AAPL > 200 holds already: the bid is 233.33. No alert was set: choose another price."
        )


@pytest.mark.parametrize("price", ["NaN", "Infinity"])
def test_what_is_no_price_is_refused(price: str) -> None:
    @jumping
    async def refused() -> None:
        async with rig() as desk:
            ack = await above(desk, price)

            assert ack.denied is not None
            assert (ack.denied.code, waiting(desk)) == (DenialCode.PRICE, [])

    refused()


@jumping
async def test_an_instrument_that_ibkr_does_not_know_is_refused() -> None:
    async with rig() as desk:
        ack = await above(desk, con_id=999)

        assert ack.denied is not None
        assert (ack.denied.code, waiting(desk)) == (DenialCode.UNKNOWN_INSTRUMENT, [])
        assert ack.denied.message.startswith("The contract with number 999 could not be looked up: ")


@jumping
async def test_one_too_many_is_refused() -> None:
    async with rig() as desk:
        for number in range(MOST_PRICE_ALERTS):
            assert (await above(desk, f"{300 + number}")).ok
        ack = await above(desk, "299")

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.ALERT
        assert len(waiting(desk)) == MOST_PRICE_ALERTS


@jumping
async def test_a_removed_one_never_fires_and_its_number_is_not_given_out_again() -> None:
    async with rig() as desk:
        await above(desk)
        removed = await desk.send(RemoveAlert(number=1))
        desk.quote("240", "241")
        await settle()

        assert (removed.ok, waiting(desk), fired(desk)) == (True, [], [])
        again = await desk.send(RemoveAlert(number=1))
        assert again.denied is not None
        assert again.denied.code is DenialCode.ALERT
        made = await above(desk, "300")
        assert isinstance(made.result, PriceAlert)
        assert made.result.number == 2


@jumping
async def test_a_journal_that_fails_sets_nothing() -> None:
    async with rig() as desk:
        await above(desk, "300")
        desk.journal.fail("the disk is full")
        added, removed = await above(desk), await desk.send(RemoveAlert(number=1))

        assert added.denied is not None
        assert added.denied.message == "No alert was set: the disk is full"
        assert removed.denied is not None
        assert removed.denied.message == "AAPL > 300 is gone now, but comes back with core: the disk is full"


async def recorded() -> list[Entry]:
    """The journal of a core that died while two price alerts waited and one had fired."""
    async with rig() as desk:
        await above(desk, "234")
        await above(desk, "300")
        await above(desk, "500", TSLA.con_id)
        desk.quote("235", "236")
        await settle()
        return list(desk.journal.rows)


@pytest.mark.covers("D4.9")
@jumping
async def test_those_that_wait_outlive_core_and_the_one_that_fired_does_not_come_back() -> None:
    rows = await recorded()
    async with rig(entries=rows) as desk:
        desk.quote("235", "236")
        await settle()
        assert waiting(desk) == ["AAPL > 300", "TSLA > 500"]
        assert [alert.count for alert in fired(desk)] == [1]

        desk.quote("301", "302")
        await settle()
        assert waiting(desk) == ["TSLA > 500"]
        made = await above(desk, "400")
        assert isinstance(made.result, PriceAlert)
        assert made.result.number == 4


@jumping
async def test_its_instrument_has_a_line_for_as_long_as_it_waits_whatever_the_watchlist_says() -> None:
    async with rig(prepare=gme) as desk:
        assert (await above(desk, "30", GME.con_id)).ok
        await desk.pass_time(3)
        assert GME.con_id in desk.broker.subscribed
        assert GME.con_id not in desk.snapshot.watchlist

        await desk.send(RemoveAlert(number=1))
        await desk.pass_time(3)
        assert GME.con_id not in desk.broker.subscribed


@pytest.mark.covers("D4.9")
@jumping
async def test_one_that_can_not_fire_for_want_of_a_live_price_is_told_once_until_there_is_one() -> None:
    async with rig(prepare=gme) as desk:
        await above(desk, "30", GME.con_id)
        await desk.pass_time(BLIND_SECONDS + 3 * LOOK_SECONDS)
        (blind,) = desk.alerts(AlertKind.DEGRADATION)
        assert (blind.con_id, blind.holds, blind.count) == (GME.con_id, True, 1)

        desk.quote("25", "25.10", GME.con_id)
        await desk.pass_time(3 * LOOK_SECONDS)
        assert not desk.alerts(AlertKind.DEGRADATION)[0].holds
