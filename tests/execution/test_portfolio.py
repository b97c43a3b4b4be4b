"""What all positions come to: by orders and fills of every instrument, at the prices of now."""

from __future__ import annotations

from msgspec.structs import replace

from core.domain.commands import Ack, DenialCode
from core.domain.limit_changes import AskLimits, LimitsShown
from core.domain.limits import Limits
from core.domain.orders import Side
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import ACCOUNT, TSLA, D, buy, position, status
from tests.execution.rig import Rig, rig
from tests.execution.test_money import account_value
from tests.limits import UNASKED

LIMITS: Limits = replace(UNASKED, portfolio_risk=D("0.5"))


def long_tesla(broker: FakeBroker) -> None:
    """100 TSLA are held, worth 41,378."""
    broker.book_positions.append(position("100", instrument=TSLA, cost="400.00"))


async def funded(desk: Rig, value: str) -> None:
    """The account's net liquidation."""
    desk.say(account_value("NetLiquidation", value), account_value("InitMarginReq", "0"))
    await desk.pass_time(1.5)


def code(ack: Ack) -> DenialCode | None:
    """Why it was denied."""
    return None if ack.denied is None else ack.denied.code


@jumping
async def test_positions_in_other_instruments_count_at_their_market() -> None:
    async with rig(limits=LIMITS, prepare=long_tesla) as desk:
        await funded(desk, "129000")
        assert code(await desk.place(buy())) is DenialCode.PORTFOLIO_MAX
        await funded(desk, "130000")
        assert (await desk.place(buy(2))).ok, "23,333 + 41,378 is within 65,000"

        await desk.pass_time(1.0)
        shown = (await desk.send(AskLimits())).result
        assert isinstance(shown, LimitsShown)
        used = {one.name: one.used for one in shown.limits}
        assert used["portfolio_risk"] == D("0.498"), "64,711 of 130,000"
        assert used["open_orders"] == 1
        assert used["order_value"] is None

        desk.quote("420.00", "420.10", TSLA.con_id)
        await desk.pass_time(1.5)
        assert code(await desk.place(buy(3))) is DenialCode.PORTFOLIO_MAX


@jumping
async def test_orders_count_at_once_until_they_end() -> None:
    async with rig(limits=LIMITS) as desk:
        await funded(desk, "100000")
        first = await desk.working(buy())
        assert first.con_id != TSLA.con_id
        tesla = replace(buy(2, price="413.70"), con_id=TSLA.con_id)
        assert code(await desk.place(tesla)) is DenialCode.PORTFOLIO_MAX, "23,333 + 41,370"
        await desk.cancel(1)
        desk.say(status(1, "Cancelled"))
        assert (await desk.place(replace(tesla, order_ref=buy(3).order_ref))).ok


@jumping
async def test_an_instrument_without_a_price_refuses_what_opens_elsewhere_and_no_close() -> None:
    def unknown(broker: FakeBroker) -> None:
        broker.book_positions.append(position("10", instrument=TSLA))
        broker.book_positions.append(position("100"))

    async with rig(limits=LIMITS, prepare=unknown, ready=False) as desk:
        await desk.until(lambda: desk.connection.can_trade)
        desk.quote()
        await funded(desk, "1000000")
        denied = (await desk.place(buy())).denied
        assert denied is not None
        assert denied.code is DenialCode.NO_VALUE
        assert "What all positions come to can't be judged: TSLA has no price." in denied.message
        assert (await desk.place(buy(2, side=Side.SELL))).ok
        assert ACCOUNT not in denied.message
