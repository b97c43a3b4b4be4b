"""Doubts and their end over real TCP and a real link: the gateway loses, doubles, cuts and keeps back; core says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from core.domain.commands import (
    CancelOrder,
    DenialCode,
    ModifyOrder,
    PlaceOrder,
    Resume,
    SettleOrder,
    Verdict,
)
from core.domain.events import TradingState
from core.domain.orders import Order, OrderRequest, OrderState, Pending
from core.domain.reconciliation import Book
from tests.warp.harness import Floor, Screen, trading_floor
from tests.warp.loop import warping
from tests.warp.test_two_screens import placed
from tui.replica import Replica


def resting(screen: Screen, part: str = "0.98", quantity: int = 100) -> OrderRequest:
    """A buy of AAPL below the market, which rests."""
    replica = screen.replica
    con_id = next(one.con_id for one in replica.instruments.values() if one.symbol == "AAPL")
    bid = replica.quotes[con_id].bid
    assert bid is not None
    return screen.buying(con_id, quantity, (bid * Decimal(part)).quantize(Decimal("0.01")))


def in_state(request: OrderRequest, state: OrderState) -> Callable[[Replica], bool]:
    """True once the screen shows the order so."""
    return lambda replica: request.order_ref in replica.orders and replica.orders[request.order_ref].state is state


async def working(screen: Screen, part: str = "0.98", quantity: int = 100) -> OrderRequest:
    """A buy below the market that works."""
    request = resting(screen, part, quantity)
    await screen.place(request)
    await screen.until(in_state(request, OrderState.WORKING))
    return request


def told(floor: Floor, words: str) -> bool:
    """True if an incident says so."""
    return any(words in incident.text for incident in floor.snapshot.incidents)


def seen(screen: Screen, request: OrderRequest) -> Order:
    """The order as the screen shows it."""
    return screen.replica.orders[request.order_ref]


@pytest.mark.row(44)
@warping
async def test_an_order_that_the_gateway_lost_ends_by_a_persons_word_alone() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        floor.gateway.arm("lost-order*1")
        request = resting(screen)
        await screen.place(request)
        await screen.until(in_state(request, OrderState.UNKNOWN))
        word = SettleOrder(order_ref=request.order_ref, verdict=Verdict.NOT_PLACED)
        early = await screen.send(word)
        assert early.denied is not None
        assert early.denied.code is DenialCode.NOT_SETTLED

        await screen.until(lambda replica: replica.orders[request.order_ref].checks == 2)
        assert (await screen.send(word)).ok
        await screen.until(in_state(request, OrderState.PRESUMED_NOT_PLACED))

        assert placed(floor) == 1
        assert floor.gateway.ledger.find(17, seen(screen, request).order_id) is None


@pytest.mark.row(44)
@warping
async def test_an_order_that_the_gateway_took_in_silence_is_found_in_its_books() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        floor.gateway.arm("silent-order*1")
        request = resting(screen)
        await screen.place(request)
        await screen.until(in_state(request, OrderState.UNKNOWN))
        await screen.until(in_state(request, OrderState.WORKING))

        assert placed(floor) == 1


@pytest.mark.row(35)
@warping
async def test_a_change_that_opened_a_second_order_shows_both() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        request = await working(screen)
        floor.gateway.arm("duplicate-live*1")
        order = seen(screen, request)
        assert order.limit_price is not None
        price = order.limit_price - Decimal("0.10")
        change = ModifyOrder(order_ref=request.order_ref, revision=order.revision, limit_price=price)
        assert (await screen.send(change)).ok
        await screen.until(lambda replica: any(one.twin_of == request.order_ref for one in replica.live_orders()))

        assert told(floor, "DUPLICATE: ")
        numbers = {one.perm_id for one in floor.gateway.ledger.orders.values() if one.is_live}
        assert {one.perm_id for one in screen.replica.live_orders()} == numbers
        assert len(numbers) == 2
        refused = await screen.send(CancelOrder(order_ref=request.order_ref))
        assert refused.denied is not None
        assert refused.denied.code is DenialCode.AMBIGUOUS


@pytest.mark.row(52)
@warping
async def test_a_size_that_was_reduced_is_the_one_that_counts() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        floor.gateway.arm("size-reduced*1")
        request = resting(screen)
        await screen.place(request)
        await screen.until(lambda replica: replica.orders[request.order_ref].quantity == 50)

        assert told(floor, "[481]")
        assert seen(screen, request).remaining == 50


@pytest.mark.row(42)
@warping
async def test_an_overfill_lets_only_reducing_orders_through_until_a_person_says_otherwise() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        floor.gateway.arm("overfill=7*1")
        request = resting(screen, part="1.005")
        await screen.place(request)
        await screen.until(in_state(request, OrderState.FILLED))
        await screen.until(lambda replica: replica.trading_state is TradingState.REDUCING)

        assert seen(screen, request).filled == 107
        assert told(floor, "OVERFILL: ")
        denied = (await screen.send(PlaceOrder(request=resting(screen)))).denied
        assert denied is not None
        assert denied.code is DenialCode.REDUCING
        assert (await screen.send(Resume())).ok
        await screen.place(resting(screen))


@pytest.mark.row(46)
@pytest.mark.parametrize(
    ("message", "book"),
    [
        ("openOrderEnd", Book.OPEN_ORDERS),
        ("completedOrdersEnd", Book.COMPLETED_ORDERS),
        ("execDetailsEnd", Book.EXECUTIONS),
        ("positionEnd", Book.POSITIONS),
    ],
)
@warping
async def test_a_list_whose_end_is_missing_is_named_and_no_order_leaves(message: str, book: Book) -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        floor.gateway.arm(f"no-message={message}*1")
        # The next reading is due within a minute, and a list is missing after ten seconds.
        await asyncio.sleep(45)
        await screen.until(lambda replica: replica.reading is not None and bool(replica.reading.failed))
        reading = screen.replica.reading
        assert reading is not None
        assert reading.failed == (book,)

        before = placed(floor)
        assert not (await screen.send(PlaceOrder(request=resting(screen)))).ok
        assert placed(floor) == before
        await screen.until(lambda replica: replica.can_trade)


@warping
async def test_an_order_with_a_time_limit_is_gone_at_the_gateway_when_it_is_up() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        request = resting(screen)
        ack = await screen.send(PlaceOrder(request=request, ttl=Decimal(30)))
        assert ack.ok, ack.denied
        await screen.until(in_state(request, OrderState.CANCELLED))

        known = floor.gateway.ledger.find(17, seen(screen, request).order_id)
        assert known is not None
        assert known.status.value == "Cancelled"
        assert seen(screen, request).pending is Pending.NONE


@pytest.mark.row(52)
@warping
async def test_a_price_that_was_capped_is_the_one_that_is_shown() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        floor.gateway.arm("price-capped=5*1")
        request = resting(screen)
        assert request.limit_price is not None
        capped = (request.limit_price * 95 / 100).quantize(Decimal("0.01"))
        await screen.place(request)
        await screen.until(lambda replica: replica.orders[request.order_ref].limit_price == capped)

        assert seen(screen, request).state is OrderState.WORKING, "code 202 ended nothing"


@pytest.mark.row(58)
@warping
async def test_an_assignment_is_named_and_no_fill_made_up() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        request = resting(screen, part="1.005")
        await screen.place(request)
        await screen.until(in_state(request, OrderState.FILLED))
        await asyncio.sleep(70)
        floor.gateway.arm("assignment=50*1")
        await asyncio.sleep(45)
        await screen.until(
            lambda replica: (
                replica.reading is not None and any(one.where is Book.POSITIONS for one in replica.reading.differences)
            )
        )

        assert told(floor, "IBKR holds 150 AAPL")
        assert sum(one.quantity for one in floor.snapshot.executions) == 100
