"""What the trading day has used: counted from the journal's entries alone, so that a restart counts the same."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from core.clock import trading_day
from core.domain.entries import Entry, FactRecorded, Intent, ModifyIntent, ScriptDisabled, ScriptEnabled
from core.domain.events import ExecutionAdded
from core.domain.executions import Execution
from core.domain.orders import Order, OrderRequest, Side
from core.domain.usage import AccountUsage, ScriptUsage, Usage
from core.ids import ORDER_REF_PREFIX
from core.risk.behaviour import Day

_ZERO = Decimal(0)


class DayUsage:
    """Orders, value and executions of each account, and orders of each script, on the last trading day that had any."""

    def __init__(self, recorded: Usage | None = None) -> None:
        """Continues what was `recorded`; starts with nothing for None."""
        recorded = recorded or Usage()
        self._day: date | None = recorded.day
        self._orders = {one.account: one.orders for one in recorded.accounts}
        self._value = {one.account: one.value for one in recorded.accounts}
        self._trades: dict[str, set[str]] = {}
        self._fired = {(one.script, one.account, one.con_id, one.side): one.orders for one in recorded.scripts}
        self.disabled: dict[str, str] = dict(recorded.disabled)
        """Scripts that may not trade until a person at a desk says so, and why."""

    def recorded(self) -> Usage:
        """What another run continues from; executions are in the journal by themselves."""
        return Usage(
            day=self._day,
            accounts=tuple(
                AccountUsage(account=account, orders=orders, value=self._value[account])
                for account, orders in self._orders.items()
            ),
            scripts=tuple(
                ScriptUsage(script=script, account=account, con_id=con_id, side=side, orders=orders)
                for (script, account, con_id, side), orders in self._fired.items()
            ),
            disabled=tuple(self.disabled.items()),
        )

    def copy(self) -> DayUsage:
        """The same, sharing nothing."""
        made = DayUsage(self.recorded())
        made._trades = {account: set(stems) for account, stems in self._trades.items()}
        return made

    def apply(self, entry: Entry) -> None:
        """Count one entry, live or from the journal."""
        match entry:
            case Intent(order=order, script=script, value=value):
                self._sent(order, script, value)
            case ModifyIntent(order=order, value=value, time=time) if value and time is not None:
                self._turn(trading_day(time))
                if trading_day(time) == self._day:
                    self._add(order.account, 0, value)
            case FactRecorded(fact=ExecutionAdded(execution=execution)):
                self.traded(execution)
            case ScriptDisabled(script=script, reason=reason):
                self.disabled[script] = reason
            case ScriptEnabled(script=script):
                self.disabled.pop(script, None)
                self._fired = {key: orders for key, orders in self._fired.items() if key[0] != script}
            case _:
                pass

    def traded(self, execution: Execution) -> None:
        """Count a fill of an order of ibdesk, whatever comes to it later; of a combination, those of its legs.

        By its reference alone: a fill may be heard before its order is known.
        """
        if execution.con_id <= 0 or not execution.order_ref.startswith(f"{ORDER_REF_PREFIX}-"):
            return
        day = trading_day(execution.time)
        self._turn(day)
        if day == self._day:
            self._trades.setdefault(execution.account, set()).add(execution.stem)

    def of(self, account: str, now: datetime) -> Day:
        """What an account has used of the trading day of `now`."""
        if trading_day(now) != self._day:
            return Day(orders=0, trades=0, value=_ZERO)
        return Day(
            orders=self._orders.get(account, 0),
            trades=len(self._trades.get(account, ())),
            value=self._value.get(account, _ZERO),
        )

    def fired(self, script: str, request: OrderRequest, now: datetime) -> int:
        """Orders of the kind of `request` that a script has sent on the trading day of `now`."""
        if trading_day(now) != self._day:
            return 0
        return self._fired.get((script, request.account, request.con_id, request.side), 0)

    def has_fired(self, script: str) -> bool:
        """True if a script has sent orders on the last trading day that had any, since it was enabled last."""
        return any(key[0] == script for key in self._fired)

    def _sent(self, order: Order, script: str, value: Decimal) -> None:
        day = trading_day(order.created)
        self._turn(day)
        if day != self._day:
            return
        self._add(order.account, 1, value)
        if script and not order.parent_ref:
            key: tuple[str, str, int, Side] = (script, order.account, order.con_id, order.side)
            self._fired[key] = self._fired.get(key, 0) + 1

    def _add(self, account: str, orders: int, value: Decimal) -> None:
        self._orders[account] = self._orders.get(account, 0) + orders
        self._value[account] = self._value.get(account, _ZERO) + value

    def _turn(self, day: date) -> None:
        """Begin a trading day afresh; one that is over is never begun again."""
        if self._day is None or day > self._day:
            self._day = day
            self._orders, self._value, self._trades, self._fired = {}, {}, {}, {}
