"""Sizes in money and parts, and how far limits are used: all of it asked of core, none of it reckoned here."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.budgets import Budget, Unit
from core.domain.commands import Denial, DenialCode, PlaceOrder, PreviewOrder, SizeOrder
from core.domain.sizes import Size, Sized, SizeKind
from tests.tui import sample
from tests.tui.hands_desk import Core, Hands, desk

D = Decimal
PRESETS = replace(sample.SNAPSHOT, presets={"AAPL": ("50", "$10k", "25%bp", "$200r")})
NO_STOP = Denial(
    code=DenialCode.QUANTITY,
    message="$200r is money at risk to a stop, and this order has none. Type a quantity.",
)
TOO_MUCH = Denial(code=DenialCode.VALUE_MAX, message="Value 23,333.00 is above your limit.", limit="order_value")


def budget(name: str, after: int, limit: int, unit: Unit = Unit.ORDERS) -> Budget:
    return Budget(name=name, used=D(0), after=D(after), limit=D(limit), unit=unit)


async def sent_order(hands: Hands) -> PlaceOrder:
    await hands.press("enter")
    await hands.until(lambda: hands.core.sends)
    (sent,) = hands.core.sends
    assert isinstance(sent, PlaceOrder)
    return sent


async def test_the_profile_s_presets_in_the_pane() -> None:
    async with desk(PRESETS) as hands:
        await hands.see("AAPL  size 1:50 shares")
        await hands.press("2")
        await hands.see("size 2:$10k")
        await hands.press("plus")
        await hands.see("size $20k")
        await hands.press("3")
        await hands.see("size 3:25%bp")


async def test_a_size_in_money_becomes_what_core_says_and_that_is_sent() -> None:
    async with desk(PRESETS) as hands:
        await hands.press("2", "b")
        await hands.see("BUY 42 ($10k) AAPL @ 233.33", "limits ok")

        (asked,) = hands.core.commands(SizeOrder)
        assert (asked.size, asked.request.limit_price) == (Size(SizeKind.VALUE, D(10_000)), D("233.33"))
        sent = await sent_order(hands)
        assert sent.request.quantity == 42


async def test_another_price_asks_again_and_nothing_leaves_before_the_answer() -> None:
    async with desk(PRESETS) as hands:
        await hands.press("2", "b")
        await hands.see("BUY 42 ($10k)")
        hands.core.sizes["$10k"] = Sized(quantity=D(43))
        hands.core.held = asyncio.Event()
        await hands.press("down")
        await hands.see("BUY ? ($10k) AAPL @ 233.32", "asking core how many that is")
        await hands.press("enter")

        assert hands.core.sends == []
        hands.core.held.set()
        await hands.see("BUY 43 ($10k) AAPL @ 233.32", "limits ok")
        assert (await sent_order(hands)).request.quantity == 43


async def test_a_size_can_be_typed_into_the_ticket() -> None:
    async with desk() as hands:
        await hands.press("b", "tab", "dollar_sign", *"10k")
        await hands.see("BUY 42 ($10k", "limits ok")
        await hands.press("up")
        await hands.see("BUY 42 ($20k)", "limits ok")

        assert hands.core.commands(SizeOrder)[-1].size == Size(SizeKind.VALUE, D(20_000))


async def test_a_typed_quantity_takes_the_place_of_a_size() -> None:
    async with desk(PRESETS) as hands:
        await hands.press("2", "b")
        await hands.see("BUY 42 ($10k)")
        await hands.press("tab", "7")
        await hands.see("BUY 7  AAPL", "limits ok")

        assert (await sent_order(hands)).request.quantity == 7


async def test_a_size_that_core_refuses_says_why_and_can_not_be_sent() -> None:
    core = Core(PRESETS)
    core.sizes["$200r"] = NO_STOP
    async with desk(core=core) as hands:
        await hands.press("4", "b")
        await hands.see("BUY ? ($200r) AAPL", NO_STOP.message)
        await hands.press("enter")
        await hands.see(NO_STOP.message)

        assert core.sends == []
        assert not core.commands(PreviewOrder)
        asked = len(core.commands(SizeOrder))
        await hands.pilot.pause(0.3)
        # The desk asks again once a second, no more.
        assert len(core.commands(SizeOrder)) <= asked + 1
        del core.sizes["$200r"]
        hands.app.call_later(hands.pass_second)
        await hands.see("BUY 42 ($200r)")


async def test_a_draft_with_a_size_is_sized_anew() -> None:
    async with desk(PRESETS) as hands:
        await hands.press("2", "b", "tab", "tab")
        await hands.see("BUY 42 ($10k)")
        await hands.press("escape")
        hands.core.sizes["$10k"] = Sized(quantity=D(40))
        await hands.press("b")
        await hands.see("BUY 40 ($10k)")


@pytest.mark.parametrize("width", [80, 120])
async def test_a_limit_that_refuses_is_told_by_its_figures(width: int) -> None:
    core = Core()
    core.preview_denial = TOO_MUCH
    core.budgets = (budget("order_value", 23_333, 20_000, Unit.MONEY),)
    async with desk(core=core, size=(width, 24)) as hands:
        await hands.press("b")
        await hands.see("REFUSED value 23,333 > 20,000 an order (limit order_value)", "PRACTICE DU…123")
        assert len(hands.lines) == 2


async def test_a_refusal_that_is_no_figure_keeps_its_sentence() -> None:
    core = Core()
    core.preview_denial = TOO_MUCH
    core.budgets = (budget("order_value", 15_000, 20_000, Unit.MONEY),)
    async with desk(core=core) as hands:
        await hands.press("b")
        await hands.see("REFUSED Value 23,333.00 is above your limit. (limit order_value)")


async def test_the_limit_that_is_nearly_used_up_stands_in_place_of_limits_ok() -> None:
    core = Core()
    core.budgets = (budget("order_value", 23_333, 1_000_000, Unit.MONEY), budget("day_orders", 181, 200))
    async with desk(core=core) as hands:
        await hands.press("b")
        await hands.see("day orders 181/200", "pos 100→200", "PRACTICE DU…123")
        assert "limits ok" not in " ".join(hands.lines)


async def test_up_takes_the_size_that_fits_and_steps_the_price_after_that() -> None:
    core = Core()
    core.preview_denial = TOO_MUCH
    core.budgets = (budget("order_value", 23_333, 20_000, Unit.MONEY),)
    core.fits = D(85)
    async with desk(core=core) as hands:
        await hands.press("b")
        await hands.see("REFUSED value 23,333 > 20,000", "↑ takes 85.")
        await hands.press("up")
        await hands.see("BUY 85 AAPL @ 233.33", "pos 100→185")
        await hands.press("up")
        await hands.see("BUY 85 AAPL @ 233.34")
        assert (await sent_order(hands)).request.quantity == 85
