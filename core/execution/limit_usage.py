"""How much of the limits in force each account uses, in the limits' own units."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from core.domain.limit_table import NO_LIMIT
from core.execution.state import DeskState

Used = Callable[[], Mapping[str, Decimal]]


def used_by(state: DeskState, invested: Callable[[str], Decimal | None]) -> Used:
    """Says, by their names, how much is used of limits: of those for all, by the account that uses most.

    `invested` is what an account's positions come to, as a part of its net liquidation; None while nobody knows.
    """

    def used() -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for account, field, amount in _amounts(state, invested):
            for name in (field, f"accounts.{account}.{field}"):
                if name in state.limits.said:
                    found[name] = max(amount, found.get(name, amount))
        return found

    return used


def _amounts(state: DeskState, invested: Callable[[str], Decimal | None]) -> Iterator[tuple[str, str, Decimal]]:
    for account, figures in state.risk.items():
        texts = state.limits.texts("", account)
        for budget in figures.budgets:
            limit = texts.get(budget.name, NO_LIMIT)
            if budget.used is None or limit == NO_LIMIT or not budget.limit:
                continue
            scale = Decimal(limit) / budget.limit
            # A part or per cent of something is counted in money there, and shown in its own unit here.
            yield account, budget.name, budget.used if scale == 1 else round(budget.used * scale, 2)
        part = None if texts["portfolio_risk"] == NO_LIMIT else invested(account)
        if part is not None:
            yield account, "portfolio_risk", round(part, 3)
