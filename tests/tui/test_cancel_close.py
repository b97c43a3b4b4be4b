"""Cancel and close tickets at the desk: entries only (rule 9), and what core computed."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import CancelEntries, CancelOrder, ClosePosition
from tests.tui import sample
from tests.tui.hands_desk import desk

D = Decimal


async def test_rule_1_delete_opens_a_ticket_and_sends_nothing() -> None:
    async with desk() as hands:
        await hands.press("w", "w", "delete")
        await hands.see("CANCEL #9 BUY 200 SPY @ 597.90")
        assert hands.core.sends == []

        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)
        assert hands.core.sends == [CancelOrder(order_ref=sample.ORDERS[3].order_ref)]


async def test_rule_9_cancel_means_entries() -> None:
    async with desk() as hands:
        await hands.press("c")
        await hands.see("CANCEL entries in AAPL · none is live · #4 SELL 100 AAPL @ 236.00 stays")
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        assert hands.core.sends == [CancelEntries(con_id=sample.AAPL)]
        await hands.until(lambda: hands.entry.ticket is None)
        assert hands.app.said[-1].startswith("Cancel sent for 2 entry orders in AAPL. 1 order stays: it protects")


async def test_rule_9_a_widens_to_all_symbols() -> None:
    async with desk() as hands:
        await hands.press("c", "a")
        await hands.see("CANCEL entries in all symbols · 1: #9 BUY 200 SPY @ 597.90 · #4 SELL 100 AAPL")
        await hands.press("right")
        await hands.see("CANCEL entries in AAPL")
        await hands.press("tab", "enter")
        await hands.until(lambda: hands.core.sends)

        assert hands.core.sends == [CancelEntries(con_id=None)]


async def test_rule_9_c_and_a_typed_as_a_word_find_a_symbol() -> None:
    async with desk() as hands:
        await hands.press("c", "a", gap=0.2)

        assert hands.search.text == "ca"
        assert hands.entry.ticket is None


async def test_rule_9_a_word_typed_slowly_over_the_cancel_ticket_finds_a_symbol() -> None:
    async with desk() as hands:
        await hands.press("c", "a", "t", gap=0.8)

        assert hands.search.text == "cat"
        assert hands.entry.ticket is None


async def test_rule_9_the_selected_order_is_cancelled_from_the_orders() -> None:
    async with desk() as hands:
        await hands.press("w", "w", "down", "c")
        await hands.see("CANCEL #4 SELL 100 AAPL @ 236.00")
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        assert isinstance(hands.core.sends[0], CancelOrder)


async def test_delete_needs_a_selected_order() -> None:
    async with desk() as hands:
        await hands.press("delete")

        assert hands.entry.ticket is None
        assert hands.app.said[-1].startswith("Del cancels the selected order.")


async def test_a_close_is_computed_by_core() -> None:
    async with desk() as hands:
        await hands.press("x")
        await hands.see("CLOSE 100 % AAPL: SELL 100 AAPL @ ~233.10 LMT DAY", "pos 100→0")
        await hands.press("2")
        await hands.see("CLOSE 50 % AAPL: SELL 50", "pos 100→50")
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        (close,) = hands.core.commands(ClosePosition)
        assert (close.quantity, close.fraction, close.con_id) == (D(50), D("0.5"), sample.AAPL)


async def test_a_close_names_the_orders_that_would_go_short_behind_it() -> None:
    async with desk() as hands:
        await hands.press("x")
        await hands.see("SELL 100 AAPL @ ~233.10 LMT DAY  then 2 orders may go short")


async def test_a_sale_names_the_orders_that_would_go_short_behind_it() -> None:
    async with desk() as hands:
        await hands.press("s")
        await hands.see("SELL 100 AAPL @ 233.34 LMT DAY  joins ask  then 2 orders may go short")
        await hands.press("escape", "b")
        await hands.see("BUY 100 AAPL", "limits ok")

        assert "may go" not in hands.lines[0]


async def test_a_cancel_of_an_unknown_order_says_where_it_was_looked_for() -> None:
    async with desk(sample.TROUBLE) as hands:
        await hands.press("w", "w", "home", "delete")
        await hands.see(
            "CANCEL #7 BUY 100 NVDA", "Nobody knows whether it works", "Enter asks IBKR to cancel it anyway"
        )


async def test_part_is_half_the_position() -> None:
    async with desk() as hands:
        await hands.press("p")

        await hands.see("CLOSE 50 % AAPL: SELL 50 AAPL")


async def test_a_close_without_a_position_says_so() -> None:
    async with desk() as hands:
        await hands.press("down", "down", "down", "x")
        await hands.see("Nothing is held here. Look at POSITIONS.")
        await hands.press("enter")

        assert hands.core.sends == []


async def test_an_order_that_has_ended_is_not_cancelled() -> None:
    async with desk() as hands:
        await hands.press("w", "w", "end", "delete")
        assert hands.entry.ticket is None
        assert "has ended" in hands.app.said[-1]

        await hands.press("c")
        await hands.see("CANCEL entries in")


async def test_an_order_of_another_client_is_left_out_of_c() -> None:
    async with desk() as hands:
        await hands.press("w", "w", "down", "down", "c")

        await hands.see("CANCEL entries in AAPL")
