"""`m` changes the selected order: a ticket with its terms, and Enter, under the gates of every send."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode, ModifyOrder
from core.domain.events import OrderChanged
from core.domain.orders import Order, OrderState
from tests.tui import sample
from tests.tui.hands_desk import Hands, desk

D = Decimal
WORKING = replace(next(order for order in sample.ORDERS if order.number == 4), revision=3)
SNAPSHOT = replace(sample.SNAPSHOT, orders=(WORKING,))
TYPED = (*"236.4",)


async def opened(hands: Hands, *keys: str) -> None:
    """Go to ORDERS, open the ticket of its order, and press keys in it."""
    await hands.press("w", "w", "m", gap=1.0)
    await hands.see("CHANGE #4 SELL")
    await hands.press(*keys)


async def sent(hands: Hands, number: int = 1) -> ModifyOrder:
    """The latest of so many changes that were sent."""
    await hands.until(lambda: len(hands.core.sends) == number)
    command = hands.core.sends[-1]
    assert isinstance(command, ModifyOrder)
    return command


def tell(hands: Hands, order: Order) -> None:
    """Core says how the order stands now."""
    hands.core.emit(OrderChanged(order=order))


async def test_m_opens_the_terms_and_enter_changes_the_price() -> None:
    async with desk(SNAPSHOT) as hands:
        await opened(hands)
        assert hands.core.sends == []
        await hands.press("enter")
        await hands.see("Nothing is changed yet")
        await hands.press(*TYPED)
        await hands.see("236.00 → 236.4", "Enter changes it")
        await hands.press("enter")
        assert await sent(hands) == ModifyOrder(order_ref=WORKING.order_ref, revision=3, limit_price=D("236.4"))
        await hands.until(lambda: hands.entry.ticket is None)


async def test_tab_goes_to_the_quantity() -> None:
    async with desk(SNAPSHOT) as hands:
        await opened(hands, "tab", *"50")
        await hands.see("100 → 50 ")
        await hands.press("enter")
        assert (await sent(hands)).quantity == D(50)


async def test_escape_drops_it_and_sends_nothing() -> None:
    async with desk(SNAPSHOT) as hands:
        await opened(hands, *TYPED, "escape")
        assert hands.entry.ticket is None
        assert hands.core.sends == []
        assert hands.entry.drafts == {}
        await hands.press("m", gap=1.0)
        await hands.see("CHANGE #4 SELL")
        assert "236.4" not in hands.entry.face.plain


async def test_enter_before_it_was_looked_at_changes_nothing() -> None:
    async with desk(SNAPSHOT) as hands:
        await opened(hands, *TYPED)
        await hands.see("236.00 → 236.4")
        await hands.press("up", "enter", gap=0.05)
        await hands.until(lambda: "had not stood still" in hands.app.said[-1])
        assert hands.core.sends == []


async def test_a_refusal_shows_in_the_ticket_and_loses_nothing() -> None:
    async with desk(SNAPSHOT) as hands:
        refusal = "This desk has not confirmed live trading. Not sent."
        hands.core.denials = [Denial(code=DenialCode.LIVE_NOT_CONFIRMED, message=refusal)]
        await opened(hands, *TYPED, "enter")
        await hands.see("236.00 → 236.4", refusal)
        await hands.press("enter", gap=1.0)
        assert (await sent(hands, 2)).limit_price == D("236.4")


async def test_a_stale_revision_is_seen_before_enter_sends_again() -> None:
    async with desk(SNAPSHOT) as hands:
        hands.core.held = asyncio.Event()
        hands.core.denials = [Denial(code=DenialCode.REVISION, message="It was changed at another screen meanwhile.")]
        await opened(hands, *TYPED, "enter")
        assert (await sent(hands)).revision == 3
        tell(hands, replace(WORKING, limit_price=D("235.00"), revision=4))
        await hands.until(lambda: hands.app.replica.orders[WORKING.order_ref].revision == 4)
        hands.core.held.set()
        await hands.see("235.00 → 236.4", "changed at another screen")
        await hands.press("enter", gap=1.0)
        assert await sent(hands, 2) == ModifyOrder(order_ref=WORKING.order_ref, revision=4, limit_price=D("236.4"))


async def test_an_order_that_fills_under_the_ticket_is_not_changed() -> None:
    async with desk(SNAPSHOT) as hands:
        await opened(hands, *TYPED)
        tell(hands, replace(WORKING, state=OrderState.FILLED, filled=D(100)))
        await hands.see("has ended: filled")
        await hands.press("enter", gap=1.0)
        await hands.see("236.4", "has ended: filled")
        assert hands.core.sends == []


async def test_a_question_of_core_is_answered_by_the_quantity() -> None:
    async with desk(SNAPSHOT) as hands:
        question = "Value is above the soft limit. Type 100 to send it, Esc to go back."
        hands.core.denials = [Denial(code=DenialCode.VALUE_MAX, message=question, retype=D(100))]
        await opened(hands, *TYPED, "enter")
        await hands.see(question)
        await hands.press(*"10", "enter", gap=1.0)
        await hands.see("10 is not 100.")
        await hands.press(*"100")
        await hands.see("100_")
        await hands.press("enter", gap=1.0)
        command = await sent(hands, 2)
        assert (command.confirms, command.typed_quantity) == ((DenialCode.VALUE_MAX,), D(100))
        assert command.limit_price == D("236.4")


async def test_a_broken_link_keeps_the_ticket_and_says_where_to_look() -> None:
    async with desk(SNAPSHOT) as hands:
        hands.core.breaks = True
        await opened(hands, *TYPED, "enter")
        await hands.see("236.4", "the link to core broke. Look at ORDERS")
        assert len(hands.core.sends) == 1


async def test_arrow_keys_to_the_side_compute_no_price() -> None:
    async with desk(SNAPSHOT) as hands:
        await opened(hands, "right", "right", "right")
        await hands.see("A change computes no price", "@ 236.00")


@pytest.mark.parametrize("order", [sample.UNKNOWN, sample.ORDERS[0], sample.ORDERS[4]])
async def test_m_says_why_an_order_can_not_be_changed(order: Order) -> None:
    async with desk(replace(sample.SNAPSHOT, orders=(order,))) as hands:
        await hands.press("m")
        assert hands.app.said[-1].startswith("m changes the selected order.")
        await hands.press("w", "w", "m", gap=1.0)
        assert hands.app.said[-1].startswith(order.name)
        assert hands.entry.ticket is None
        assert hands.core.sends == []


async def test_two_letters_are_a_symbol_and_no_change() -> None:
    async with desk(SNAPSHOT) as hands:
        await hands.press("w", "w", gap=1.0)
        await hands.press("m", "s", gap=0.1)
        await hands.until(lambda: len(hands.app.screen_stack) == 2)
        assert hands.entry.ticket is None
        assert hands.core.sends == []
