"""How far the limits of the day are used: told to every desk as they change, and to one that comes later."""

from __future__ import annotations

from msgspec.structs import replace

from core.domain.budgets import RiskFigures
from core.domain.commands import OrderPreview, PreviewOrder
from core.domain.events import RiskUpdated
from core.domain.limits import Limits
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import ACCOUNT, D, buy, commission, filled, position
from tests.execution.rig import Rig, rig
from tests.execution.test_money import account_value

LIMITS = Limits(daily_loss=D(1_500), day_orders=200, day_trades=500, day_value=None)
RENEWED = 0.5
"""Seconds within which they are reckoned again."""


def long(broker: FakeBroker) -> None:
    """100 AAPL are held."""
    broker.book_positions.append(position("100", cost="233.30"))


def figures(desk: Rig) -> dict[str, tuple[object, object]]:
    """What is used of each limit, and the limit."""
    (found,) = desk.snapshot.risk
    assert isinstance(found, RiskFigures)
    assert found.account == ACCOUNT
    return {budget.name: (budget.after, budget.limit) for budget in found.budgets}


@jumping
async def test_orders_trades_loss_and_margin_as_they_come() -> None:
    async with rig(limits=replace(LIMITS, daily_loss=None)) as desk:
        desk.say(account_value("NetLiquidation", "100000"), account_value("InitMarginReq", "20000"))
        await desk.pass_time(RENEWED)
        assert figures(desk)["day_orders"] == (D(0), D(200))
        assert figures(desk)["margin_percent"] == (D(20_000), D(100_000))

        order = await desk.working(buy(1, price="233.30"))
        desk.say(filled(order_id=order.order_id, price="233.30"), commission(fee="1.00"))
        await desk.pass_time(RENEWED)

        assert figures(desk)["day_orders"] == (D(1), D(200))
        assert figures(desk)["day_trades"] == (D(1), D(500))
        assert figures(desk)["open_orders"] == (D(0), D(60))
        assert "day_value" not in figures(desk)
        told = [event.figures for event in desk.events if isinstance(event, RiskUpdated)]
        assert told[-1] == desk.snapshot.risk[0]


@jumping
async def test_what_does_not_change_is_not_told_again() -> None:
    async with rig(limits=LIMITS) as desk:
        await desk.pass_time(RENEWED)
        told = sum(isinstance(event, RiskUpdated) for event in desk.events)
        await desk.pass_time(60)

        assert sum(isinstance(event, RiskUpdated) for event in desk.events) == told


@jumping
async def test_the_loss_of_the_day_is_what_its_control_compares() -> None:
    async with rig(limits=LIMITS, prepare=long) as desk:
        desk.say(account_value("NetLiquidation", "100000"), filled(price="233.30"), commission(fee="1.00"))
        desk.quote("232.30", "232.32")
        await desk.pass_time(RENEWED)

        day = desk.snapshot.money[0].day.amount
        assert day is not None
        assert day < 0
        assert figures(desk)["daily_loss"] == (-day, D(1_500))

        ack = await desk.send(PreviewOrder(request=buy(2, price="232.30")))
        assert isinstance(ack.result, OrderPreview)
        assert [one.after for one in ack.result.budgets if one.name == "daily_loss"] == [-day]

        desk.quote("240.00", "240.02")
        await desk.pass_time(RENEWED)
        assert figures(desk)["daily_loss"] == (D(0), D(1_500)), "a gain uses nothing"
