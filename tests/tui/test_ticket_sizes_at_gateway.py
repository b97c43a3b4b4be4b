"""Sizes and limits from the keys through core to the practice gateway."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from tests.tui.person import person
from tests.wide import WIDE

D = Decimal


async def test_money_typed_as_a_size_leaves_as_the_units_that_core_said() -> None:
    async with person() as someone:
        await someone.press("b", *"150", "tab", "$", *"10k")
        await someone.see("BUY 66 ($10k", "@ 150", "limits ok")
        sent = await someone.send()

        assert (sent.number("totalQuantity"), sent.number("lmtPrice")) == (D(66), D(150))


async def test_a_part_of_buying_power_comes_from_what_the_gateway_says_of_the_account() -> None:
    async with person() as someone:
        await someone.press("b", *"150", "tab", *"1%", *"bp")
        await someone.see("(1%bp", "limits ok")
        (account,) = someone.behind.service.snapshot().accounts
        sent = await someone.send()

        assert account.buying_power is not None
        quantity = sent.number("totalQuantity")
        assert quantity is not None
        assert quantity * 150 <= account.buying_power / 100 < (quantity + 1) * 150


async def test_a_limit_refuses_by_its_figures_and_up_takes_what_fits() -> None:
    async with person(limits=replace(WIDE, order_value=D(12_000))) as someone:
        await someone.press("b", *"150")
        await someone.see("REFUSED value 15,000 > 12,000 an order (limit order_value) ↑ takes 80.")
        await someone.press("up")
        await someone.see("BUY 80 AAPL @ 150", "value 12,000/12,000")
        sent = await someone.send()

        assert sent.number("totalQuantity") == 80
        assert len(someone.placed()) == 1
