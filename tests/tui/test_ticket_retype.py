"""Core asks for the quantity once more: what the ticket takes then, what it sends along, and how one goes back."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Denial, DenialCode, PlaceOrder
from tests.tui import sample
from tests.tui.hands_desk import Hands, desk
from tui.hands.ticket import OrderTicket

D = Decimal
ASKED = Denial(
    code=DenialCode.UNUSUAL_QUANTITY,
    message="Quantity 100 is 10x your usual for AAPL. Type 100 to send it, Esc to go back.",
    limit="unusual_times",
    retype=D(100),
)


async def asked(hands: Hands, *denials: Denial) -> None:
    """A buy ticket whose send core answers with questions; the first one is in sight."""
    hands.core.denials += denials
    await hands.press("b", "enter")
    await hands.see("10x your usual for AAPL. Type 100 to send it, Esc to go back. _")


def last(hands: Hands) -> PlaceOrder:
    """The order that was sent last."""
    return hands.core.commands(PlaceOrder)[-1]


async def test_the_typed_quantity_goes_along_and_the_order_is_sent() -> None:
    async with desk() as hands:
        await asked(hands, ASKED)
        await hands.press("1", "0", "0")
        await hands.see("Esc to go back. 100_")
        await hands.press("enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 2 and hands.entry.ticket is None)

        first, second = hands.core.commands(PlaceOrder)
        assert (first.confirms, first.typed_quantity) == ((), None)
        assert (second.confirms, second.typed_quantity) == ((DenialCode.UNUSUAL_QUANTITY,), D(100))
        assert second.request.quantity == D(100)
        assert second.request.order_ref != first.request.order_ref


async def test_enter_alone_and_another_number_send_nothing() -> None:
    async with desk() as hands:
        await asked(hands, ASKED)
        await hands.press("enter", gap=1)
        await hands.see("Not sent. Type 100 to send BUY 100 AAPL @ 233.33, Esc to go back.")
        await hands.press("1", "0", "enter", gap=1)
        await hands.see("10 is not 100. Type 100 to send BUY 100 AAPL @ 233.33")
        await hands.press("1", "0", "0", "0", "backspace", "enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 2)

        assert last(hands).typed_quantity == D(100)


async def test_escape_goes_back_to_the_order_and_nothing_was_answered() -> None:
    async with desk() as hands:
        await asked(hands, ASKED)
        await hands.press("1", "0", "0", "escape")
        await hands.see("BUY 100 AAPL @ 233.33", "limits ok")
        await hands.press("enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 2)

        assert (last(hands).confirms, last(hands).typed_quantity) == ((), None)


async def test_no_other_key_changes_the_order_that_is_asked_about() -> None:
    async with desk() as hands:
        await asked(hands, ASKED)
        await hands.press("tab", "up", "right", "x", "delete", "1", "0", "0", "enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 2)

        first, second = hands.core.commands(PlaceOrder)
        assert (second.request.limit_price, second.request.quantity) == (first.request.limit_price, D(100))


async def test_two_questions_are_answered_one_after_the_other() -> None:
    short = Denial(code=DenialCode.SHORT_SALE, message="It opens a short position. Type 100 to send it.", retype=D(100))
    async with desk() as hands:
        await asked(hands, ASKED, short)
        await hands.press("1", "0", "0", "enter", gap=1)
        await hands.see("It opens a short position. Type 100 to send it. _")
        await hands.press("1", "0", "0", "enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 3)

        assert last(hands).confirms == (DenialCode.UNUSUAL_QUANTITY, DenialCode.SHORT_SALE)


async def test_a_market_that_moved_while_it_was_typed_needs_another_answer() -> None:
    moved = Denial(code=DenialCode.PRICE_MOVED, message="Not sent: AAPL moved.")
    async with desk() as hands:
        await asked(hands, ASKED, moved)
        await hands.press("1", "0", "0")
        hands.core.quote(sample.AAPL, bid=D("233.44"), ask=D("233.45"))
        await hands.press("enter", gap=1)
        await hands.see("BUY 100 AAPL @ 233.44", "Not sent: AAPL moved.")
        await hands.press("enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 3)

        assert last(hands).request.limit_price == D("233.44")
        assert (last(hands).confirms, last(hands).typed_quantity) == ((), None)


async def test_an_answer_does_not_outlive_a_send_that_another_control_refused() -> None:
    collar = Denial(code=DenialCode.COLLAR, message="Price 233.33 is too far from the market.", limit="collar")
    async with desk() as hands:
        await asked(hands, ASKED, collar)
        await hands.press("1", "0", "0", "enter", gap=1)
        await hands.see("Price 233.33 is too far from the market.")
        assert last(hands).typed_quantity == D(100)
        assert isinstance(hands.entry.ticket, OrderTicket)
        assert hands.entry.ticket.retype is None

        await hands.press("down", "enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 3)
        assert last(hands).request.limit_price == D("233.32")
        assert (last(hands).confirms, last(hands).typed_quantity) == ((), None)


async def test_an_answer_goes_with_the_price_that_may_not_be_computed_any_more() -> None:
    async with desk() as hands:
        await asked(hands, ASKED)
        await hands.press("1", "0", "0")
        hands.core.quote(sample.AAPL, stale=True)
        await hands.until(lambda: hands.app.replica.quotes[sample.AAPL].stale)
        await hands.press("enter", gap=1)
        await hands.see("Type the price.")
        await hands.press(*"233", "enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 2)

        assert (last(hands).confirms, last(hands).typed_quantity) == ((), None)


async def test_another_quantity_needs_another_answer() -> None:
    moved = Denial(code=DenialCode.PRICE_MOVED, message="Not sent: AAPL moved.")
    async with desk() as hands:
        await asked(hands, ASKED, moved)
        await hands.press("1", "0", "0", "enter", gap=1)
        await hands.see("Not sent: AAPL moved.")
        await hands.press("tab", "2", "0", "0", "enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 3)

        assert last(hands).request.quantity == D(200)
        assert (last(hands).confirms, last(hands).typed_quantity) == ((), None)


async def test_the_preview_says_beforehand_that_core_will_ask() -> None:
    async with desk() as hands:
        hands.core.preview_denial = ASKED
        await hands.press("b")
        await hands.see("ASKS Quantity 100 is 10x your usual for AAPL.")
