"""Closing a position: computed in core when its turn has come, once at a time."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from core.domain.commands import ClosePosition, DenialCode, OrderPreview, PreviewClose, PreviewOrder
from core.domain.orders import OrderState, OrderType, Side
from core.domain.permissions import Permissions
from core.domain.reports import Tick, TickField
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, ACCOUNT, D, buy, filled, position, ref
from tests.execution.rig import Rig, rig, settle
from tests.limits import UNASKED, FixedLimits


def long(broker: FakeBroker) -> None:
    """100 AAPL held."""
    broker.book_positions.append(position("100"))


def short(broker: FakeBroker) -> None:
    """40 AAPL short."""
    broker.book_positions.append(position("-40"))


def close(number: int = 1, quantity: str = "100", fraction: str = "1") -> ClosePosition:
    """Close AAPL."""
    return ClosePosition(
        order_ref=ref(number), account=ACCOUNT, con_id=AAPL.con_id, quantity=D(quantity), fraction=D(fraction)
    )


async def code(desk: Rig, command: ClosePosition) -> DenialCode:
    """Why a close is refused."""
    ack = await desk.send(command)
    assert ack.denied is not None
    return ack.denied.code


@jumping
async def test_a_long_position_is_sold_through_the_bid() -> None:
    async with rig(prepare=long) as desk:
        assert (await desk.send(close())).ok

        (placed,) = desk.broker.placed
        request = placed.request
        assert (request.side, request.quantity, request.order_type) == (Side.SELL, D(100), OrderType.LMT)
        assert request.limit_price == D("233.10")


@jumping
async def test_a_short_position_is_bought_through_the_ask() -> None:
    async with rig(prepare=short) as desk:
        assert (await desk.send(close(quantity="40"))).ok

        request = desk.broker.placed[0].request
        assert (request.side, request.quantity, request.limit_price) == (Side.BUY, D(40), D("233.57"))


@pytest.mark.parametrize(("fraction", "quantity"), [("0.5", "50"), ("0.33", "33"), ("0.999", "99"), ("1", "100")])
@jumping
async def test_parts_are_rounded_down_to_the_lot(fraction: str, quantity: str) -> None:
    async with rig(prepare=long) as desk:
        assert (await desk.send(close(quantity=quantity, fraction=fraction))).ok
        assert desk.broker.placed[0].request.quantity == D(quantity)


@pytest.mark.parametrize("fraction", ["0", "-1", "1.01", "NaN"])
@jumping
async def test_parts_that_are_none(fraction: str) -> None:
    async with rig(prepare=long) as desk:
        assert await code(desk, close(fraction=fraction)) is DenialCode.QUANTITY
        assert await code(desk, close(quantity="0", fraction="0.001")) is DenialCode.QUANTITY


@jumping
async def test_a_position_that_changed_since_it_was_shown() -> None:
    async with rig(prepare=long) as desk:
        desk.say(position("60"))
        ack = await desk.send(close())

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.POSITION_CHANGED
        assert ack.denied.message == (
            "Not sent: the ticket said 100 and 60 would close now. The ticket shows the new quantity; Enter sends it."
        )
        assert desk.broker.placed == []


@jumping
async def test_no_position_no_close() -> None:
    async with rig() as desk:
        assert await code(desk, close()) is DenialCode.NO_POSITION
        desk.say(position("0"))
        assert await code(desk, close()) is DenialCode.NO_POSITION


@jumping
async def test_closing_twice_sends_once() -> None:
    async with rig(prepare=long) as desk:
        acks = await asyncio.gather(desk.send(close(1), "one"), desk.send(close(2), "two"))

        assert [ack.ok for ack in acks] == [True, False]
        assert acks[1].denied is not None
        assert acks[1].denied.code is DenialCode.CLOSE_PENDING
        assert len(desk.broker.placed) == 1
        desk.say(filled(order_ref=ref(1)), position("0"))
        assert await code(desk, close(3)) is DenialCode.NO_POSITION


@jumping
async def test_a_close_counts_what_was_asked_before_its_turn() -> None:
    """A sell of another screen waits for its turn first: closing on what was held when the key went down would flip."""
    async with rig(prepare=long) as desk:
        desk.journal.held = True
        first = asyncio.create_task(desk.place(buy(1)))
        await settle()
        sell = asyncio.create_task(desk.place(buy(2, side=Side.SELL, price="233.10")))
        await settle()
        closing = asyncio.create_task(desk.send(close(3), "other"))
        await settle()

        desk.journal.release()
        acks = await asyncio.gather(first, sell, closing)

        assert [ack.ok for ack in acks] == [True, True, False]
        assert acks[2].denied is not None
        assert acks[2].denied.code is DenialCode.CLOSE_PENDING


@jumping
async def test_a_target_that_rests_does_not_block_a_close() -> None:
    async with rig(prepare=long) as desk:
        await desk.working(buy(1, side=Side.SELL, price="236.00"))

        assert (await desk.send(close(2))).ok


@jumping
async def test_a_target_that_rests_does_not_block_a_close_where_nothing_is_sold_short() -> None:
    no_shorts = FixedLimits(UNASKED, permissions=Permissions(short=False))
    async with rig(prepare=long, limits=no_shorts) as desk:
        target = await desk.working(buy(1, side=Side.SELL, price="236.00"))

        typed = await desk.place(buy(2, side=Side.SELL, price="235.00"))
        assert typed.denied is not None
        assert typed.denied.code is DenialCode.PERMISSION
        assert f"Cancel {target.name} first" in typed.denied.message
        assert (await desk.send(close(3))).ok


@jumping
async def test_a_close_in_flight_blocks_another_wherever_the_market_goes() -> None:
    async with rig(prepare=long) as desk:
        assert (await desk.send(close(1))).ok
        desk.quote("229.10", "229.11")

        assert await code(desk, close(2)) is DenialCode.CLOSE_PENDING
        assert len(desk.broker.placed) == 1


@jumping
async def test_a_close_of_unknown_outcome_blocks_another_wherever_the_market_goes() -> None:
    async with rig(prepare=long) as desk:
        assert (await desk.send(close(1))).ok
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)
        desk.quote("229.10", "229.11")
        ack = await desk.send(close(2))

        assert ack.denied is not None
        assert ack.denied.message.startswith("#1 SELL 100 AAPL @ 233.10 may have closed this already")
        assert len(desk.broker.placed) == 1


@jumping
async def test_the_same_close_again_is_the_same_order() -> None:
    async with rig(prepare=long) as desk:
        first = await desk.send(close())
        desk.say(position("0"))
        again = await desk.send(close())

        assert first.ok
        assert again.ok
        assert again.order == desk.order()
        assert len(desk.broker.placed) == 1


@jumping
async def test_without_a_live_quote_nothing_is_priced() -> None:
    async with rig(prepare=long) as desk:
        desk.service.on_ticks([Tick(con_id=AAPL.con_id, field=TickField.HALTED, value=D(1))])

        assert await code(desk, close()) is DenialCode.NO_REFERENCE


@jumping
async def test_previews_send_nothing_and_say_what_would_happen() -> None:
    async with rig(prepare=long) as desk:
        ack = await desk.send(PreviewOrder(request=buy(price="233.36")))
        shown = ack.result
        assert isinstance(shown, OrderPreview)
        assert shown.denied is None
        assert (shown.value, shown.fee) == (D("23336.00"), D("1.00"))
        assert (shown.position_before, shown.position_after) == (D(100), D(200))
        assert shown.takes_ticks == 2
        resting = await desk.send(PreviewOrder(request=buy()))
        assert isinstance(resting.result, OrderPreview)
        assert resting.result.takes_ticks == 0
        closing = await desk.send(PreviewClose(account=ACCOUNT, con_id=AAPL.con_id, fraction=D("0.5")))
        assert isinstance(closing.result, OrderPreview)
        assert closing.result.position_after == 50
        assert closing.result.request.quantity == 50

        assert desk.broker.placed == []
        assert desk.snapshot.orders == ()


@pytest.mark.parametrize("price", ["NaN", "Infinity", "1E+300", "-5", "233.337"])
@pytest.mark.parametrize("quantity", ["100", "0", "NaN", "1E+300"])
@jumping
async def test_a_preview_of_nonsense_is_an_answer_too(price: str, quantity: str) -> None:
    async with rig(prepare=long) as desk:
        ack = await desk.send(PreviewOrder(request=buy(price=price, quantity=quantity)))

        assert isinstance(ack.result, OrderPreview)
        assert ack.result.denied is not None
        assert ack.result.takes_ticks < 1_000_000


@jumping
async def test_between_a_fill_and_the_position_that_follows_nothing_is_closed_again() -> None:
    async with rig(prepare=short) as desk:
        assert (await desk.send(close(quantity="40"))).ok
        desk.say(filled(quantity="40"))
        assert desk.order().state is OrderState.FILLED

        again = await desk.send(close(2, quantity="40"))

        assert again.denied is not None
        assert again.denied.code is DenialCode.POSITION_CHANGED
        assert again.denied.message.startswith("Not sent: AAPL has just traded and its position does not show it yet.")
        desk.say(position("0"))
        assert await code(desk, close(3, quantity="40")) is DenialCode.NO_POSITION
        assert len(desk.broker.placed) == 1


@jumping
async def test_a_position_that_comes_before_its_fill_is_trusted() -> None:
    async with rig(prepare=short) as desk:
        assert (await desk.send(close(quantity="20", fraction="0.5"))).ok
        desk.say(position("-20"))
        desk.say(filled(quantity="20"))

        assert (await desk.send(close(2, quantity="20"))).ok


@jumping
async def test_a_position_that_never_follows_its_fill_is_trusted_after_the_books_are_read() -> None:
    async with rig(prepare=short) as desk:
        assert (await desk.send(close(quantity="20", fraction="0.5"))).ok
        desk.say(filled(quantity="20"))
        desk.broker.book_positions[:] = [position("-20")]

        assert await code(desk, close(2, quantity="40")) is DenialCode.POSITION_CHANGED
        await desk.pass_time(5)
        assert (await desk.send(close(3, quantity="20"))).ok


@jumping
async def test_a_position_that_turned_since_it_was_shown() -> None:
    async with rig(prepare=long) as desk:
        desk.say(position("-100"))
        ack = await desk.send(replace(close(), side=Side.SELL))

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.POSITION_CHANGED
        assert ack.denied.message == (
            "Not sent: the ticket said SELL 100, but the position has turned: BUY 100 would close it now. The ticket "
            "shows that; Enter sends it."
        )
        assert desk.broker.placed == []
