"""The day's loss is looked at as often as money is reckoned; at its limit only reducing orders leave."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from core.clock import Clock, trading_day
from core.domain.money import Money
from core.domain.trading import Cause
from core.execution.halting import Halting
from core.execution.state import DeskState
from core.risk.daily_loss import judge_loss


class DailyLoss:
    """Keeps REDUCING for the rest of the trading day, over restarts; while nothing can be judged, nothing opens."""

    def __init__(
        self,
        state: DeskState,
        halting: Halting,
        clock: Clock,
        limit: Decimal | None,
        money: Callable[[], tuple[Money, ...]],
    ) -> None:
        """`limit` is in the base currency, None for none; `money` is what every account has made."""
        self._state = state
        self._halting = halting
        self._clock = clock
        self._limit = limit
        self._money = money
        if limit is not None:
            state.loss_unknown = "the day's profit is not reckoned yet"

    def look(self) -> None:
        """Compare, after money was reckoned."""
        day = trading_day(self._clock.utc())
        self._halting.new_day(day)
        if self._limit is None:
            return
        state = self._state
        accounts = state.connection.accounts
        found = judge_loss(self._limit, self._money(), accounts, state.instruments)
        state.loss_unknown = found.unknown or ("" if accounts else "no account is connected")
        if found.breached and Cause.DAILY_LOSS not in state.blocks:
            self._halting.limit_loss(found.breached, day)
