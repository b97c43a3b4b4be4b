"""How far the limits of each account are used: reckoned with its money, told to the desks where it changed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from core.clock import Clock
from core.domain.account import Account
from core.domain.budgets import RiskFigures
from core.domain.events import RiskUpdated
from core.domain.money import Money
from core.execution.publisher import Publisher
from core.execution.state import DeskState
from core.risk.usage import Standing, of_account


class FiguresKeeper:
    """Keeps the figures of every account that is connected."""

    def __init__(
        self, state: DeskState, publisher: Publisher, clock: Clock, money: Callable[[], tuple[Money, ...]]
    ) -> None:
        """`money` is what every account has made."""
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._money = money

    def renew(self) -> None:
        """Reckon every account, and tell the desks what changed."""
        money = {one.account: one for one in self._money()}
        for name in self._state.connection.accounts:
            budgets = of_account(self._state.limits.of("", name), self._standing(name, money.get(name)))
            figures = RiskFigures(account=name, budgets=budgets)
            if self._state.risk.get(name) != figures:
                self._state.risk[name] = figures
                self._publisher.state(RiskUpdated(figures=figures))

    def _standing(self, name: str, money: Money | None) -> Standing:
        state = self._state
        account = state.accounts.get(name) or Account(account=name)
        made = None if money is None else money.day.amount
        return Standing(
            day=state.usage.of(name, self._clock.utc()),
            open_orders=state.book.working.ours(name),
            lost=None if made is None else max(-made, Decimal(0)),
            margin=account.initial_margin,
            equity=account.net_liquidation,
        )
