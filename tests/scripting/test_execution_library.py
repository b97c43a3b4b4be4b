"""The flows of the document "Order Execution Library" run as written, against one practice core."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import cast

import pytest

from core import Broker, Desk, Ticket, ticket
from core.domain.orders import OrderState, OrderType
from core.errors import OrderEndedError, OrderUnknownError, OrderValueError, UnknownOrderError, WaitTimeoutError
from core.scripting.ordering import RiskCheck
from tests.scripting.examples import execution_library as examples


@pytest.mark.covers("D1.1", "D1.3", "D1.4")
async def test_submit_order_flow(practice: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """One handler fails at everything: it is logged, and the other hears everything all the same."""
    with caplog.at_level(logging.ERROR, "core.scripting.handlers"):
        heard, held = await examples.submit_order_flow()

    assert heard.lines[0] == "connected"
    states = [line.removeprefix("META ") for line in heard.lines if line.startswith("META ")]
    assert (states[0], states[-1]) == ("INTENT", "FILLED")
    assert sum(fill.quantity for fill in heard.fills) == 3
    assert heard.lines[-1] == "disconnected"
    assert len([one for one in caplog.records if "the other handlers go on" in one.message]) >= 4

    assert held is not None
    meta = next(one for one in held if one.symbol == "META")
    assert meta.price is not None
    assert meta.market_value == meta.price * 3
    assert meta.unrealized_pnl == (meta.price - meta.average_cost) * 3
    assert all(type(figure) is Decimal for figure in (meta.quantity, meta.average_cost, meta.market_value))
    assert meta.timestamp is not None
    assert meta.timestamp.utcoffset() is not None


@pytest.mark.covers("D1.3", "D1.6")
async def test_error_strategy(practice: Broker) -> None:
    risk, value, rejected = await examples.error_strategy()

    assert risk == ("risk: BUY 51 META: the script's own check at_most_fifty refused it. Nothing was sent.")
    assert value.startswith("value: IBKR knows no NOSUCH.")
    assert "BUY 9000 MSFT MKT ended as REJECTED, 0 filled" in rejected
    assert "[201]" in rejected


@pytest.mark.covers("D1.9")
async def test_bracket_with_a_modification(practice: Broker) -> None:
    parent, target, stop = await examples.bracket()

    assert parent.limit_price is not None
    assert (parent.state, target.limit_price) == (OrderState.WORKING, parent.limit_price + 9)
    assert (target.order_type, stop.order_type) == (OrderType.LMT, OrderType.TRAIL)
    for one in (parent, target, stop):
        assert practice.get_order_status(one.order_ref).order.state is OrderState.CANCELLED


@pytest.mark.covers("D1.3", "D1.9")
async def test_what_is_attached_is_of_the_same_symbol_and_has_no_time_limit(practice: Broker) -> None:
    """Neither would go out as it is written."""
    async with Desk(name="careless") as desk:
        parent = ticket("QQQ", "BUY", 5, "LIMIT", limit_price=100)
        for attached, why in (
            (ticket("META", "SELL", 5, "LIMIT", limit_price=900), "not of QQQ"),
            (ticket("QQQ", "SELL", 5, "LIMIT", limit_price=900, ttl=5), "time limit"),
        ):
            with pytest.raises(OrderValueError, match=why):
                await desk.place(parent, attached=[attached])


@pytest.mark.covers("D1.3")
async def test_a_risk_check_can_only_refuse(practice: Broker) -> None:
    """What is not True refuses: a check that forgets to answer or fails; what passes, core's own controls judge."""

    def forgetful(order: object) -> None:
        """Answers nothing."""

    def broken(order: object) -> bool:
        raise LookupError(f"no limits for {order is not None}")

    for check, told in (
        (cast("RiskCheck", forgetful), "forgetful refused it"),
        (broken, r"broken failed \(no limits for True\)"),
    ):
        async with Desk(name="checked", risk_check=check) as desk:
            with pytest.raises(Exception, match=told):
                await desk.place(ticket("META", "BUY", 1))
            assert desk.health()["tracked_orders"] == 0
    async with Desk(name="checked", risk_check=lambda _: True) as desk:
        with pytest.raises(Exception, match="limit"):
            await desk.place(ticket("META", "BUY", 20_000))


@pytest.mark.covers("D1.3")
async def test_a_risk_check_judges_changes_too(practice: Broker) -> None:
    async with Desk(name="resizing", risk_check=examples.at_most_fifty) as desk:
        quote = desk.quote((await desk.instrument("META")).con_id)
        assert quote is not None
        assert quote.bid is not None
        order = await desk.submit(ticket("META", "BUY", 2, "LIMIT", limit_price=quote.bid - 5))
        with pytest.raises(Exception, match="at_most_fifty refused it"):
            await desk.modify(order.order_ref, quantity=51)
        await desk.modify(order.order_ref, quantity=50)
        with pytest.raises(OrderValueError, match="stop price not taken"):
            await desk.modify(order.order_ref, stop_price=5)
        with pytest.raises(WaitTimeoutError, match=r"is WORKING after 0\.1 s"):
            await desk.wait(order.order_ref, timeout=0.1)
        assert await desk.cancel(order.order_ref)
        assert desk.order(order.order_ref).quantity == 50
        with pytest.raises(OrderEndedError, match=r"ended as CANCELLED, 0 filled.*\. FILLED was waited for"):
            await desk.wait(order.order_ref, OrderState.FILLED)


@pytest.mark.covers("D1.3")
async def test_a_risk_check_knows_an_instrument_by_one_name(practice: Broker) -> None:
    """Changes and remainders go by the contract's number; a check that goes by the symbol must not miss them."""
    seen: list[str] = []

    def noted(order: Ticket) -> bool:
        seen.append(order.symbol)
        return True

    async with Desk(name="named", risk_check=noted) as desk:
        quote = desk.quote((await desk.instrument("META")).con_id)
        assert quote is not None
        assert quote.bid is not None
        order = await desk.submit(ticket("META", "BUY", 2, "LIMIT", limit_price=quote.bid - 5))
        await desk.modify(order.order_ref, quantity=3)
        assert await desk.cancel(order.order_ref)
        rest = await desk.place_remainder(order.order_ref)
        assert (rest.con_id, rest.quantity) == (order.con_id, Decimal(3))
        assert await desk.cancel(rest.order_ref)

    assert seen == ["META"] * 3


@pytest.mark.covers("D0.4", "D1.3")
async def test_an_order_that_nobody_knows(practice: Broker) -> None:
    async with Desk(name="curious") as desk:
        with pytest.raises(UnknownOrderError, match="Core knows no order ibd-X"):
            await desk.cancel("ibd-X")
        with pytest.raises(OrderUnknownError, match="look its reference ibd-X up"):
            await desk.wait("ibd-X", timeout=0.05)


@pytest.mark.covers("D1.9", "D0.15")
async def test_close_orders_profit_and_money(practice: Broker) -> None:
    """A market-on-close order rests; profit and money of the account are core's own sums."""
    async with Desk(name="money") as desk:
        moc = await desk.submit(ticket("MSFT", "BUY", 2, "MOC"))
        assert (moc.order_type, moc.state) == (OrderType.MOC, OrderState.WORKING)
        assert await desk.cancel(moc.order_ref)
        bought = await desk.submit(ticket("MSFT", "BUY", 2))
        await desk.wait(bought.order_ref)

        def valued() -> bool:
            return any(
                one.con_id == bought.con_id and one.open.amount is not None
                for money in desk.profits()
                for one in money.positions
            )

        assert await desk.until(valued, 10.0)
        (account,) = desk.accounts()
        assert account.account == desk.connection.account
        assert account.net_liquidation is not None
