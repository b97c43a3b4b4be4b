"""Limits in words and bars."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.budgets import Budget, Unit
from core.domain.commands import Denial, DenialCode, OrderPreview
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderType, Side
from tui.panes.limit_words import bar, limits_part, name_of, refusal_part, share_style, used_text

D = Decimal
BUY = OrderRequest(order_ref="ibd-1", account="DU1", con_id=1, side=Side.BUY, quantity=D(100), order_type=OrderType.MKT)


def budget(name: str, after: str | None, limit: str, unit: Unit = Unit.ORDERS) -> Budget:
    return Budget(name=name, used=None, after=None if after is None else D(after), limit=D(limit), unit=unit)


def preview(denied: Denial | None, *budgets: Budget, fits: str | None = None) -> OrderPreview:
    return OrderPreview(
        request=BUY,
        denied=denied,
        value=None,
        fee=None,
        position_before=D(0),
        position_after=D(100),
        takes_ticks=0,
        side=Side.BUY,
        budgets=budgets,
        fits=None if fits is None else D(fits),
    )


def denial(limit: str, message: str = "Too much. Type a smaller quantity.") -> Denial:
    return Denial(code=DenialCode.VALUE_MAX, message=message, limit=limit)


@pytest.mark.parametrize(
    ("after", "words"), [("160", "limits ok"), ("161", "day orders 161/200"), ("200", "day orders 200/200")]
)
def test_a_limit_is_named_once_little_of_it_is_left(after: str, words: str) -> None:
    part = limits_part([budget("open_orders", "3", "60"), budget("day_orders", after, "200")])

    assert part.text == words
    assert bool(part.style) is (words != "limits ok")


def test_without_figures_the_controls_have_the_word() -> None:
    assert limits_part(()).text == "limits ok"
    assert limits_part([budget("daily_loss", None, "5")]).text == "limits ok"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            preview(denial("order_value"), budget("order_value", "23333", "20000", Unit.MONEY)),
            "REFUSED value 23,333 > 20,000 an order (limit order_value)",
        ),
        (
            preview(denial("position_quantity"), budget("position_quantity", "60000", "50000", Unit.UNITS), fits="90"),
            "REFUSED position 60,000 > 50,000 (limit position_quantity) ↑ takes 90.",
        ),
        (
            preview(denial("order_value"), budget("order_value", "20000", "20000", Unit.MONEY)),
            "REFUSED Too much. Type a smaller quantity. (limit order_value)",
        ),
        (preview(denial("")), "REFUSED Too much. Type a smaller quantity."),
        (preview(None), ""),
    ],
)
def test_a_refusal(found: OrderPreview, words: str) -> None:
    assert refusal_part(found).text == words


@pytest.mark.parametrize(
    ("share", "text", "style"),
    [
        ("0", "░░░░ 0%", ""),
        ("0.59", "▓▓░░ 59%", ""),
        ("0.81", "▓▓▓░ 81%", "bold $attention"),
        ("1.5", "▓▓▓▓ 150%", "bold $refusal"),
    ],
)
def test_a_bar(share: str, text: str, style: str) -> None:
    assert bar(D(share), 4) == text
    assert share_style(D(share)) == style


def test_money_has_no_cents_and_what_nobody_knows_is_a_question() -> None:
    assert used_text(budget("daily_loss", "12.60", "1500", Unit.MONEY)) == "13/1,500"
    assert used_text(budget("daily_loss", None, "1500", Unit.MONEY)) == "?/1,500"


def test_every_limit_that_can_have_figures_has_a_name() -> None:
    amounts = {
        name
        for name in Limits.__struct_fields__
        if name.startswith(("order_", "open_", "day_", "position_")) or name in {"unexecuted_value", "daily_loss"}
    }

    assert all(name_of(budget(name, "1", "2")) != name for name in amounts)
    assert name_of(budget("some_other", "1", "2")) == "some_other"
