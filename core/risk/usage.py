"""How far limits are used: by an account as it stands, and by one order on top. Refuses nothing, that is the controls'.

Each figure is the one that its control compares with the limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from core.domain.budgets import Budget, Unit
from core.domain.limits import Limits
from core.domain.orders import OrderRequest
from core.risk.behaviour import Day
from core.risk.budgets import added_value
from core.risk.circumstances import Circumstances, is_plain
from core.risk.closing import closes, wanted
from core.risk.exposure import CLOSING_ROOM, units_if_filled
from core.risk.margin import margin_bound
from core.risk.value import unit_value

_ZERO = Decimal(0)


class Standing(Struct, frozen=True, kw_only=True):
    """What an account has used, besides any order that is looked at."""

    day: Day
    open_orders: int
    """Orders of ours that work."""
    lost: Decimal | None
    """The day's loss in the base currency, 0 after a gain; None while nobody knows."""
    margin: Decimal | None
    """Initial margin in the base currency; None until the broker has told it."""
    equity: Decimal | None
    """Net liquidation value in the base currency; None until the broker has told it."""


def of_account(limits: Limits, standing: Standing) -> tuple[Budget, ...]:
    """The limits of the account and its day, those that there are."""
    day, equity = standing.day, standing.equity
    room = None if equity is None else max(equity, _ZERO) * limits.margin_percent / 100
    known = (
        _standing("daily_loss", standing.lost, limits.daily_loss, Unit.MONEY),
        _standing("day_orders", Decimal(day.orders), limits.day_orders, Unit.ORDERS),
        _standing("day_trades", Decimal(day.trades), limits.day_trades, Unit.TRADES),
        _standing("day_value", day.value, limits.day_value, Unit.MONEY),
        _standing("open_orders", Decimal(standing.open_orders), limits.open_orders, Unit.ORDERS),
        _standing("margin_percent", standing.margin, room, Unit.MONEY),
    )
    return tuple(budget for budget in known if budget is not None)


def of_order(request: OrderRequest, circumstances: Circumstances) -> tuple[Budget, ...]:
    """The limits that an order counts against, without it and with it; none of an order that is no order yet."""
    if circumstances.instrument is None or not is_plain(request.quantity) or request.quantity <= 0:
        return ()
    return (
        *_of_itself(request, circumstances),
        *_of_works(request, circumstances),
        *_of_position(request, circumstances),
        *_of_day(request, circumstances),
    )


def _of_itself(request: OrderRequest, circumstances: Circumstances) -> Iterator[Budget]:
    limits, unit = circumstances.limits, unit_value(request, circumstances)
    value = None if unit is None else unit * request.quantity
    yield _budget("order_quantity", _ZERO, request.quantity, limits.order_quantity, Unit.UNITS)
    yield _budget("order_value", _ZERO, value, limits.order_value, Unit.MONEY)


def _of_works(request: OrderRequest, circumstances: Circumstances) -> Iterator[Budget]:
    exposure, limits = circumstances.exposure, circumstances.limits
    closing, here = closes(request, exposure), Decimal(exposure.open_here)
    most = limits.open_orders_side + (CLOSING_ROOM if closing else 0)
    yield _budget("open_orders_side", here, here + 1, Decimal(most), Unit.ORDERS)
    if closing:
        return
    total, unexecuted, unit = Decimal(exposure.open_all), exposure.unexecuted, unit_value(request, circumstances)
    yield _budget("open_orders", total, total + 1, Decimal(limits.open_orders), Unit.ORDERS)
    after = None if unit is None or unexecuted is None else unexecuted + unit * wanted(request, exposure)
    yield _budget("unexecuted_value", unexecuted, after, limits.unexecuted_value, Unit.MONEY)


def _of_position(request: OrderRequest, circumstances: Circumstances) -> Iterator[Budget]:
    limits, exposure, unit = circumstances.limits, circumstances.exposure, unit_value(request, circumstances)
    after = units_if_filled(request, exposure)
    if after is None or after > 0:
        before = None if after is None else max(after - wanted(request, exposure), _ZERO)
        yield _budget("position_quantity", before, after, limits.position_quantity, Unit.UNITS)
        used, most = (None if units is None or unit is None else units * unit for units in (before, after))
        yield _budget("position_value", used, most, limits.position_value, Unit.MONEY)
    bound = None
    if not circumstances.attached and not closes(request, exposure):
        bound = margin_bound(request, circumstances)
    if bound is not None and bound.added:
        yield _budget("margin_percent", bound.taken, bound.taken + bound.added, bound.most, Unit.MONEY)


def _of_day(request: OrderRequest, circumstances: Circumstances) -> Iterator[Budget]:
    day, limits = circumstances.day, circumstances.limits
    if day is None or circumstances.attached:
        return
    new = 1 if circumstances.before is None else 0
    if limits.day_orders is not None:
        orders = Decimal(day.orders)
        yield _budget("day_orders", orders, orders + new, Decimal(limits.day_orders), Unit.ORDERS)
    if limits.day_trades is not None:
        trades = Decimal(day.trades)
        yield _budget("day_trades", trades, trades, Decimal(limits.day_trades), Unit.TRADES)
    if limits.day_value is not None:
        known = unit_value(request, circumstances) is not None
        after = day.value + added_value(request, circumstances) if known else None
        yield _budget("day_value", day.value, after, limits.day_value, Unit.MONEY)


def _standing(name: str, used: Decimal | None, limit: Decimal | int | None, unit: Unit) -> Budget | None:
    return None if limit is None else _budget(name, used, used, Decimal(limit), unit)


def _budget(name: str, used: Decimal | None, after: Decimal | None, limit: Decimal, unit: Unit) -> Budget:
    return Budget(name=name, used=used, after=after, limit=limit, unit=unit)
