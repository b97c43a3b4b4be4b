"""What the trading day has used: counted from the journal's entries alone, so that a restart counts the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from core.clock import trading_day
from core.domain.entries import Entry, FactRecorded, Intent, ModifyIntent, ScriptDisabled, ScriptEnabled
from core.domain.events import ExecutionAdded
from core.domain.executions import Execution
from core.domain.orders import Order, OrderRequest, Side
from core.domain.usage import AccountUsage, ScriptUsage, Usage
from core.ids import ORDER_REF_PREFIX
from core.risk.behaviour import Day

_ZERO = Decimal(0)
_DAYS = 2
_LATE = timedelta(days=7)
"""For so long executions are kept: the day of one may be told wrongly, and a clock may run ahead."""


class _Sent:
    """What was sent on one trading day."""

    def __init__(self, recorded: Usage | None = None) -> None:
        recorded = recorded or Usage()
        self.orders = {one.account: one.orders for one in recorded.accounts}
        self.value = {one.account: one.value for one in recorded.accounts}
        self.fired = {(one.script, one.account, one.con_id, one.side): one.orders for one in recorded.scripts}

    def add(self, account: str, orders: int, value: Decimal) -> None:
        self.orders[account] = self.orders.get(account, 0) + orders
        self.value[account] = self.value.get(account, _ZERO) + value

    def recorded(self, day: date, before: Usage | None) -> Usage:
        return Usage(
            day=day,
            accounts=tuple(
                AccountUsage(account=account, orders=orders, value=self.value[account])
                for account, orders in self.orders.items()
            ),
            scripts=tuple(
                ScriptUsage(script=script, account=account, con_id=con_id, side=side, orders=orders)
                for (script, account, con_id, side), orders in self.fired.items()
            ),
            before=before,
        )


class DayUsage:
    """Orders, value and executions of each account, and orders of each script, on two trading days.

    These are the days of the last orders that were sent: a clock that ran ahead and was put right takes no other day
    away. The time of an execution is told from outside, so it never decides which days are counted.
    """

    def __init__(self, recorded: Usage | None = None) -> None:
        """Continues what was `recorded`; starts with nothing for None."""
        recorded = recorded or Usage()
        self._sent: dict[date, _Sent] = {}
        for one in (recorded.before, recorded):
            if one is not None and one.day is not None:
                self._sent[one.day] = _Sent(one)
        self._trades: dict[tuple[date, str], set[str]] = {}
        self.disabled: dict[str, str] = dict(recorded.disabled)
        """Scripts that may not trade until a person at a desk says so, and why."""

    def recorded(self) -> Usage:
        """What another run continues from; executions are in the journal by themselves."""
        found: Usage | None = None
        for day, sent in self._sent.items():
            found = sent.recorded(day, found)
        return replace(found or Usage(), disabled=tuple(self.disabled.items()))

    def copy(self) -> DayUsage:
        """The same, sharing nothing."""
        made = DayUsage(self.recorded())
        made._trades = {key: set(stems) for key, stems in self._trades.items()}
        return made

    def apply(self, entry: Entry) -> None:
        """Count one entry, live or from the journal."""
        match entry:
            case Intent(order=order, script=script, value=value):
                self._count(order, script, value)
            case ModifyIntent(order=order, value=value, time=time) if value and time is not None:
                self._on(time).add(order.account, 0, value)
            case FactRecorded(fact=ExecutionAdded(execution=execution)):
                self.traded(execution)
            case ScriptDisabled(script=script, reason=reason):
                self.disabled[script] = reason
            case ScriptEnabled(script=script):
                self.disabled.pop(script, None)
                for sent in self._sent.values():
                    sent.fired = {key: orders for key, orders in sent.fired.items() if key[0] != script}
            case _:
                pass

    def traded(self, execution: Execution) -> None:
        """Count a fill of an order of ibdesk on its own day, whatever comes to it later; of a combination, of its legs.

        By its reference alone: a fill may be heard before its order is known.
        """
        if execution.con_id <= 0 or not execution.order_ref.startswith(f"{ORDER_REF_PREFIX}-"):
            return
        self._trades.setdefault((trading_day(execution.time), execution.account), set()).add(execution.stem)

    def of(self, account: str, now: datetime) -> Day:
        """What an account has used of the trading day of `now`."""
        day = trading_day(now)
        sent = self._sent.get(day, _Sent())
        return Day(
            orders=sent.orders.get(account, 0),
            trades=len(self._trades.get((day, account), ())),
            value=sent.value.get(account, _ZERO),
        )

    def fired(self, script: str, request: OrderRequest, now: datetime) -> int:
        """Orders of the kind of `request` that a script has sent on the trading day of `now`."""
        sent = self._sent.get(trading_day(now), _Sent())
        return sent.fired.get((script, request.account, request.con_id, request.side), 0)

    def has_fired(self, script: str) -> bool:
        """True if a script has sent orders on the days that are counted, since it was enabled last."""
        return any(key[0] == script for sent in self._sent.values() for key in sent.fired)

    def _count(self, order: Order, script: str, value: Decimal) -> None:
        sent = self._on(order.created)
        sent.add(order.account, 1, value)
        if script and not order.parent_ref:
            key: tuple[str, str, int, Side] = (script, order.account, order.con_id, order.side)
            sent.fired[key] = sent.fired.get(key, 0) + 1

    def _on(self, time: datetime) -> _Sent:
        """What was sent on the trading day of `time`, by core's own clock: the last of the days from now on."""
        day = trading_day(time)
        sent = self._sent.pop(day, None)
        if sent is None:
            sent = _Sent()
            while len(self._sent) >= _DAYS:
                del self._sent[next(iter(self._sent))]
            oldest = min((day, *self._sent)) - _LATE
            self._trades = {key: stems for key, stems in self._trades.items() if key[0] >= oldest}
        self._sent[day] = sent
        return sent
