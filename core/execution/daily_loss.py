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
        money: Callable[[], tuple[Money, ...]],
    ) -> None:
        """`money` is what every account has made; the limits are those in force."""
        self._state = state
        self._halting = halting
        self._clock = clock
        self._money = money
        if state.limits.general.daily_loss is not None or state.limits.accounts:
            state.loss_unknown = "the day's profit is not reckoned yet"

    def look(self) -> None:
        """Compare, after money was reckoned."""
        day = trading_day(self._clock.utc())
        self._halting.new_day(day)
        state = self._state
        accounts = state.connection.accounts
        if all(self._limit(account) is None for account in accounts or ("", *state.limits.accounts)):
            state.loss_unknown = ""
            return
        found = judge_loss(self._limit, self._money(), accounts, state.instruments)
        state.loss_unknown = found.unknown or ("" if accounts else "no account is connected")
        if found.breached and Cause.DAILY_LOSS not in state.blocks:
            self._halting.limit_loss(found.breached, day)

    def _limit(self, account: str) -> Decimal | None:
        return self._state.limits.of("", account).daily_loss
