"""Control 12: at the limit of the day's loss only reducing orders leave, until the trading day ends."""

from __future__ import annotations

import pytest

from core.domain.commands import Ack, DenialCode, Resume
from core.domain.events import Severity, TradingState
from core.domain.limits import Limits
from core.domain.orders import Side
from core.domain.trading import Cause
from tests.execution.clockwork import START, jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import D, buy, commission, filled, position
from tests.execution.rig import Rig, rig
from tests.execution.test_money import account_value

LIMIT = Limits(daily_loss=D(100))
RENEWED = 0.5
"""Seconds within which money is reckoned again."""
LATE = START.replace(hour=21, minute=45)
"""A quarter of an hour before the trading day ends."""
HALF_AN_HOUR = 1800.0


def long(broker: FakeBroker) -> None:
    """100 AAPL are held."""
    broker.book_positions.append(position("100", cost="233.30"))


def untold(broker: FakeBroker) -> None:
    """100 AAPL are held, and nothing is said of the account."""
    long(broker)
    broker.figures.clear()


def code(ack: Ack) -> DenialCode | None:
    """Why it was denied."""
    return None if ack.denied is None else ack.denied.code


def trading(desk: Rig) -> TradingState:
    """What core lets through."""
    return desk.snapshot.trading_state


async def bought(desk: Rig, fee: str = "1.00") -> None:
    """100 AAPL bought at 233.30 today, in an account whose currency is known."""
    desk.say(account_value("NetLiquidation", "100000"), filled(price="233.30"), commission(fee=fee))
    await desk.pass_time(RENEWED)


async def quoted(desk: Rig, bid: str, ask: str) -> None:
    """Another market, and money reckoned by it."""
    desk.quote(bid, ask)
    await desk.pass_time(RENEWED)


@pytest.mark.row(72)
@jumping
async def test_at_the_limit_only_what_reduces_leaves_and_just_inside_all_does() -> None:
    async with rig(limits=LIMIT, prepare=long) as desk:
        await bought(desk)
        await quoted(desk, "232.31", "232.33")
        assert desk.snapshot.money[0].day.amount == D("-99.00"), "98 by the price, 1 of commission"
        assert trading(desk) is TradingState.ACTIVE
        assert (await desk.place(buy(2, price="232.30"))).ok

        await quoted(desk, "232.30", "232.32")
        assert desk.snapshot.money[0].day.amount == D("-100.00"), "on the limit"
        assert trading(desk) is TradingState.REDUCING
        assert "Daily loss limit reached" in desk.told(Severity.ALARM)[-1]
        assert code(await desk.place(buy(3, price="232.20"))) is DenialCode.REDUCING
        assert (await desk.place(buy(4, side=Side.SELL, price="232.30"))).ok
        await quoted(desk, "240.00", "240.02")
        assert trading(desk) is TradingState.REDUCING, "a recovery does not end it"
        assert code(await desk.send(Resume())) is DenialCode.REDUCING, "nor does a word"


@pytest.mark.row(72)
@jumping
async def test_commissions_alone_reach_it() -> None:
    async with rig(limits=LIMIT, prepare=long) as desk:
        await quoted(desk, "233.30", "233.32")
        await bought(desk, fee="102.50")
        assert trading(desk) is TradingState.REDUCING


@pytest.mark.row(72)
@jumping
async def test_it_goes_on_over_a_restart_without_a_connection_and_ends_with_the_trading_day() -> None:
    async with rig(limits=LIMIT, prepare=long) as desk:
        await bought(desk)
        await quoted(desk, "230.00", "230.02")
        rows = list(desk.journal.rows)

    async with rig(entries=rows, limits=LIMIT, ready=False) as again:
        assert trading(again) is TradingState.REDUCING
        assert "Only reducing orders are sent from now on: Daily loss limit reached" in again.told(Severity.ALARM)[0]

    async with rig(entries=rows, prepare=long, start=LATE) as unlimited:
        await unlimited.pass_time(RENEWED)
        assert trading(unlimited) is TradingState.REDUCING, "taking the limit away ends nothing today"
        await unlimited.pass_time(HALF_AN_HOUR)
        assert trading(unlimited) is TradingState.ACTIVE
        assert "is over, and with it its loss limit" in unlimited.told()[-1]
        rows = [*rows, *unlimited.journal.rows]

    async with rig(entries=rows, ready=False) as later:
        assert trading(later) is TradingState.ACTIVE


@pytest.mark.row(72)
@jumping
async def test_a_clock_that_was_put_back_ends_it_no_sooner() -> None:
    async with rig(limits=LIMIT, prepare=long) as desk:
        await bought(desk)
        await quoted(desk, "230.00", "230.02")
        desk.clock.sleep(-24 * 3600.0)
        await quoted(desk, "230.00", "230.02")
        assert trading(desk) is TradingState.REDUCING
        assert not any("is over" in told for told in desk.told())


@pytest.mark.row(72)
@jumping
async def test_a_profit_that_is_not_known_is_not_zero() -> None:
    async with rig(limits=LIMIT, prepare=untold) as desk:
        await desk.pass_time(RENEWED)
        denied = (await desk.place(buy(1))).denied
        assert denied is not None
        assert (denied.code, denied.limit) == (DenialCode.DAILY_LOSS, "daily_loss")
        assert "IBKR has not told its currency" in denied.message
        assert trading(desk) is TradingState.ACTIVE, "it is not known to be reached either"
        assert (await desk.place(buy(2, side=Side.SELL, price="233.40"))).ok, "what reduces leaves"

        desk.say(account_value("NetLiquidation", "100000"))
        await desk.pass_time(RENEWED)
        denied = (await desk.place(buy(3))).denied
        assert denied is not None
        assert "no price, contract or exchange rate for AAPL" in denied.message, "its close of yesterday is not known"
        assert Cause.DAILY_LOSS not in {block.cause for block in desk.service._state.blocks.values()}


@jumping
async def test_without_a_limit_nothing_is_judged() -> None:
    async with rig(prepare=long) as desk:
        await bought(desk)
        await quoted(desk, "100.00", "100.02")
        assert trading(desk) is TradingState.ACTIVE
        assert (await desk.place(buy(2, price="100.00"))).ok
