"""Margin in a ticket: IBKR's figure with its age, core's estimate, or `?`; and what IBKR said beside it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode, OrderPreview
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.what_ifs import Shift, WhatIf, WhatIfAnswered
from tests.tui.hands_desk import Hands, desk
from tests.tui.sample import AAPL, ACCOUNT, NOW
from tui.panes.margin_words import margin_part, margin_told

D = Decimal
REQUEST = OrderRequest(
    order_ref="ibd-1",
    account=ACCOUNT,
    con_id=AAPL,
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.LMT,
    limit_price=D("233.33"),
)
PREVIEW = OrderPreview(
    request=REQUEST,
    denied=None,
    value=D(23333),
    fee=D(1),
    position_before=D(100),
    position_after=D(200),
    takes_ticks=0,
    side=Side.BUY,
)
IMPACT = WhatIf(
    time=NOW,
    initial=Shift(before=D(50000), change=D(11210), after=D(61210)),
    maintenance=Shift(),
    equity=Shift(after=D(104215)),
)
ANSWER = WhatIfAnswered(request=replace(REQUEST, order_ref="ibd-0"), what_if=IMPACT)
OTHER = replace(ANSWER, request=replace(REQUEST, quantity=D(200)))
CHEAPER = replace(ANSWER, request=replace(REQUEST, limit_price=D(200)))


def said(answer: WhatIfAnswered | None, *, wide: bool = False, age: int = 0, guess: Decimal | None = None) -> str:
    """The words, so many seconds after the answer."""
    preview = replace(PREVIEW, margin_estimate=guess)
    return margin_part(preview, answer, NOW + timedelta(seconds=age), priced=True, wide=wide).text


@pytest.mark.parametrize("answer", [None, OTHER, CHEAPER, replace(ANSWER, what_if=None)])
def test_what_nobody_said_of_this_very_draft_is_unknown(answer: WhatIfAnswered | None) -> None:
    assert said(answer) == "margin ?"
    assert said(answer, guess=D("61209.6")) == "margin ~61,210"


def test_a_figure_that_is_missing_is_unknown_not_zero() -> None:
    assert said(replace(ANSWER, what_if=replace(IMPACT, initial=Shift()))) == "margin ?"


def test_the_figure_its_share_and_its_age() -> None:
    assert said(ANSWER, guess=D(1)) == "margin 61,210"
    assert said(ANSWER, wide=True) == "margin after 61,210 (59%)"
    assert said(ANSWER, age=20) == "margin 61,210"
    assert said(ANSWER, age=180) == "margin 61,210~3m"


def test_more_margin_than_equity_stands_out() -> None:
    poor = replace(ANSWER, what_if=replace(IMPACT, equity=Shift(after=D(60000))))

    assert margin_part(PREVIEW, poor, NOW, priced=True, wide=False).style == "bold $attention"
    assert margin_part(PREVIEW, ANSWER, NOW, priced=True, wide=False).style == ""


def test_a_close_is_the_same_at_any_price() -> None:
    assert margin_part(PREVIEW, CHEAPER, NOW, priced=False, wide=False).text == "margin 61,210"


def test_what_ibkr_says_beside_it() -> None:
    warned = replace(ANSWER, what_if=replace(IMPACT, warning="Mind the gap"))
    refused = replace(ANSWER, what_if=None, problem="No margin [201]")

    assert margin_told(PREVIEW, warned, priced=True) == "IBKR says: Mind the gap"
    assert margin_told(PREVIEW, refused, priced=True) == "IBKR would refuse this: No margin [201]"
    assert margin_told(PREVIEW, ANSWER, priced=True) == ""
    assert margin_told(None, warned, priced=True) == ""
    assert margin_told(PREVIEW, replace(warned, request=OTHER.request), priced=True) == ""
    denied = replace(PREVIEW, denied=Denial(code=DenialCode.TICK, message="between ticks"))
    assert margin_told(denied, warned, priced=True) == ""


def answered(hands: Hands, **changes: object) -> WhatIfAnswered:
    """What the broker says of the ticket's draft."""
    make = replace(ANSWER, **changes)
    return replace(make, request=replace(REQUEST, quantity=D(100)))


async def test_the_ticket_shows_it_when_it_comes() -> None:
    async with desk(size=(120, 40)) as hands:
        await hands.press("b")
        await hands.see("margin after ?", "limits ok")
        hands.core.emit(answered(hands))
        await hands.see("margin after 61,210 (59%)")
        await hands.press("up")
        await hands.see("@ 233.34", "margin after ?")
        assert hands.core.sends == []


async def test_a_refusal_is_read_in_the_ticket_and_keeps_nothing_from_being_sent() -> None:
    async with desk() as hands:
        await hands.press("b")
        await hands.see("pos 100→200")
        hands.core.emit(answered(hands, what_if=None, problem="YOUR ORDER IS NOT ACCEPTED [201]"))
        await hands.see("IBKR would refuse this: YOUR ORDER IS NOT ACCEPTED [201]")
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)


async def test_narrow_lines_keep_what_is_known_and_drop_a_margin_that_is_not() -> None:
    async with desk() as hands:
        await hands.press("n")
        await hands.see("TAKES 24 ticks", "pos 100→200", "limits ok", "≈23,357.00")
        assert "margin" not in hands.lines[-1]
