"""Keys at the real desk, core and the practice gateway behind it: a quantity that core wants typed once more."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.tui.person import Person, person
from tests.wide import WIDE

D = Decimal


async def sent(someone: Person, *keys: str) -> None:
    """Press keys, the last of which sends; wait until the ticket is closed."""
    await someone.press(*keys)
    await someone.send()
    await someone.until(lambda: someone.entry.ticket is None)


async def asked(someone: Person, question: str) -> None:
    """Enter, until core has asked: a market that moved meanwhile only wants Enter again."""
    for _ in range(5):
        await someone.press("enter")
        await someone.until(lambda: question in someone.ticket or "Not sent" in someone.ticket)
        if question in someone.ticket:
            return
    raise AssertionError(f"never asked: {someone.ticket}")


@pytest.mark.covers("D2.2")
async def test_the_same_order_twice_leaves_once_until_its_quantity_is_typed() -> None:
    async with person(limits=replace(WIDE, duplicate_seconds=60)) as someone:
        low = f"{someone.behind.near(someone.instrument, '0.95')}"
        await sent(someone, "b", *low)
        await someone.press("b", *low)
        await asked(someone, "Type 100 to send it, Esc to go back.")
        assert len(someone.placed()) == 1

        await someone.press(*"10", "enter")
        await someone.see("10 is not 100. Type 100 to send BUY 100 AAPL")
        assert len(someone.placed()) == 1
        await someone.press(*"100")
        await someone.see("Esc to go back. 100_")
        await someone.press("enter")
        await someone.until(lambda: len(someone.placed()) == 2)
        first, second = someone.placed()
        assert first.text("orderRef") != second.text("orderRef")
        assert first.text("totalQuantity") == second.text("totalQuantity")


async def test_a_sale_of_what_is_not_held_leaves_after_the_quantity_was_typed() -> None:
    async with person(limits=replace(WIDE, ask_short=True)) as someone:
        await someone.press("s")
        await someone.see("ASKS SELL 100 AAPL opens a short position: you hold 0.")
        await asked(someone, "Type 100 to send it, Esc to go back. _")
        await someone.press("escape")
        await someone.until(lambda: "ASKS" in someone.ticket)
        assert someone.placed() == []
        await asked(someone, "Type 100 to send it, Esc to go back. _")
        await someone.press(*"100")
        await someone.send()
        assert someone.placed()[0].text("action") == "SELL"
