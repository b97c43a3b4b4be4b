"""Limits in words: the one that refuses, the one that is nearly used up, a bar. Every figure is core's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.domain.budgets import TIGHT, Budget, Unit, tightest
from core.domain.commands import OrderPreview
from tui import format as fmt
from tui.panes.line_row import Part

ATTENTION = "bold $attention"
REFUSAL = "bold $refusal"
_NAMES = {
    "order_quantity": "quantity",
    "order_value": "value",
    "open_orders_side": "orders here",
    "open_orders": "open orders",
    "unexecuted_value": "open value",
    "position_quantity": "position",
    "position_value": "position value",
    "margin_percent": "margin",
    "daily_loss": "day loss",
    "day_orders": "day orders",
    "day_trades": "day trades",
    "day_value": "day value",
}
_OF_ONE_ORDER = frozenset({"order_quantity", "order_value"})
_EMPTY, _FULL = "░", "▓"


def limits_part(budgets: Sequence[Budget]) -> Part:
    """`limits ok`, or the limit that is used most where little of it is left: `day orders 181/200`."""
    most = tightest(tuple(budgets))
    if most is None or most.share is None or most.share <= TIGHT:
        return Part("limits ok")
    return Part(f"{name_of(most)} {used_text(most)}", ATTENTION)


def refusal_part(preview: OrderPreview) -> Part:
    """The control that refuses, by its figures where it is a limit: `REFUSED value 23,333 > 20,000 an order …`.

    Behind it the size that all controls would let pass, if there is one.
    """
    denied = preview.denied
    if denied is None:
        return Part("")
    met = next((one for one in preview.budgets if one.name == denied.limit and _is_passed(one)), None)
    if met is None:
        words = denied.message
    else:
        each = " an order" if met.name in _OF_ONE_ORDER else ""
        words = f"{name_of(met)} {amount_text(met.after, met.unit)} > {amount_text(met.limit, met.unit)}{each}"
    limit = f" (limit {denied.limit})" if denied.limit else ""
    fits = f" ↑ takes {fmt.size(preview.fits)}." if preview.fits else ""
    return Part(f"REFUSED {words}{limit}{fits}", REFUSAL)


def name_of(budget: Budget) -> str:
    """A limit in a few words; the setting itself where there are none."""
    return _NAMES.get(budget.name, budget.name)


def used_text(budget: Budget) -> str:
    """What is used of a limit: `41/200`; `?` while nobody knows."""
    return f"{amount_text(budget.after, budget.unit)}/{amount_text(budget.limit, budget.unit)}"


def amount_text(amount: Decimal | None, unit: Unit) -> str:
    """A figure of a limit, money without cents; `?` for None."""
    if amount is None:
        return fmt.UNKNOWN
    return fmt.money(amount, 0) if unit is Unit.MONEY else fmt.size(amount)


def bar(share: Decimal, cells: int) -> str:
    """A share as a bar and a percentage; a full bar shows more than all of it too."""
    filled = min(cells, max(0, int(share * cells)))
    return f"{_FULL * filled}{_EMPTY * (cells - filled)} {share * 100:.0f}%"


def share_style(share: Decimal) -> str:
    """How a share looks: plain, nearly used up, or used up."""
    if share >= 1:
        return REFUSAL
    return ATTENTION if share > TIGHT else ""


def _is_passed(budget: Budget) -> bool:
    return budget.after is not None and budget.after > budget.limit
