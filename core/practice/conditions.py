"""Conditions of orders: prices, times, margin, executions, volumes and percent changes, joined by and/or."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from core.practice.moments import moment
from core.practice.orders import Condition, Execution
from core.practice.quote import Quote
from core.practice.tables import Record
from core.practice.terms import RefusedError, invalid
from core.practice.triggers import METHODS, price_seen

PRICE, TIME, MARGIN, EXECUTION, VOLUME, CHANGE = 1, 3, 4, 5, 6, 7

BAD_TIME = "The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xxx"
_INCOMPLETE = "The conditional contract info is incomplete."


class World(Protocol):
    """What conditions look at."""

    def quote(self, con_id: int) -> Quote | None:
        """Return an instrument's market, None for an unknown one."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def cushion(self, account: str) -> Decimal:
        """Return an account's excess over its maintenance margin, in percent of its value."""

    def executions(self, account: str) -> Iterable[tuple[Execution, str, str]]:
        """Return an account's executions of the day with the symbol and the security type of each."""


def read_conditions(rows: Sequence[Record], now: float, home: str) -> tuple[Condition, ...]:
    """Read the conditions of a placeOrder. Raises RefusedError."""
    return tuple(_read(row, now, home) for row in rows)


def _read(row: Record, now: float, home: str) -> Condition:
    kind, conjunction = row.integer("condType"), row.text("conjunction").lower()
    if kind not in {PRICE, TIME, MARGIN, EXECUTION, VOLUME, CHANGE}:
        raise invalid(f"Invalid condition type {kind}")
    if conjunction not in {"a", "o", "and", "or", ""}:
        raise invalid(f"Invalid conjunction {conjunction[:10]!r} of a condition")
    given = {PRICE: "price", VOLUME: "volume", CHANGE: "changePercent", MARGIN: "percent"}.get(kind)
    value = row.number(given) if given else Decimal(0)
    if value is None or not value.is_finite():
        raise invalid(f"Missing {given} of a condition")
    if kind in {PRICE, VOLUME, CHANGE} and not row.integer("conId"):
        raise RefusedError(147, _INCOMPLETE)
    if kind == EXECUTION and not (row.text("symbol") and row.text("secType")):
        raise RefusedError(147, _INCOMPLETE)
    method = row.integer("triggerMethod")
    if method not in METHODS:
        raise RefusedError(146, "Invalid trigger method.")
    try:
        time = moment(row.text("time"), now, home) if kind == TIME else 0.0
    except ValueError:
        raise RefusedError(343, BAD_TIME) from None
    return Condition(
        kind=kind,
        joined=not conjunction.startswith("o"),
        is_more=row.flag("isMore"),
        value=value,
        con_id=row.integer("conId"),
        method=method,
        time=time,
        sec_type=row.text("secType"),
        symbol=row.text("symbol"),
    )


def met(conditions: Sequence[Condition], world: World, account: str, since: float) -> bool:
    """Whether the conditions of an account's order that was placed at `since` hold; "and" binds closer than "or"."""
    group = True
    for place, condition in enumerate(conditions):
        group = group and _holds(condition, world, account, since)
        last = place == len(conditions) - 1
        if last or not condition.joined:
            if group:
                return True
            group = True
    return not conditions


def _holds(condition: Condition, world: World, account: str, since: float) -> bool:
    if condition.kind == TIME:
        return (world.now() > condition.time) is condition.is_more
    if condition.kind == MARGIN:
        return _beyond(world.cushion(account), condition)
    if condition.kind == EXECUTION:
        return any(
            fill.epoch >= int(since) and (symbol, sec_type) == (condition.symbol, condition.sec_type)
            for fill, symbol, sec_type in world.executions(account)
        )
    quote = world.quote(condition.con_id)
    return quote is not None and _MEASURES[condition.kind](quote, condition)


def _beyond(value: Decimal, condition: Condition) -> bool:
    return value >= condition.value if condition.is_more else value <= condition.value


def _price(quote: Quote, condition: Condition) -> bool:
    units = price_seen(quote, condition.method, rising=condition.is_more)
    return _beyond(quote.instrument.price(1) * Decimal(units), condition)


def _volume(quote: Quote, condition: Condition) -> bool:
    return _beyond(Decimal(quote.volume), condition)


def _change(quote: Quote, condition: Condition) -> bool:
    return _beyond((Decimal(quote.last) / quote.close - 1) * 100, condition)


_MEASURES: dict[int, Callable[[Quote, Condition], bool]] = {PRICE: _price, VOLUME: _volume, CHANGE: _change}
