"""Entries to write, and strategies that make any value of the domain."""

from __future__ import annotations

import types
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec import Struct

from core.domain.entries import Intent
from core.domain.orders import Order, OrderRequest, OrderState, OrderType, Side, TimeInForce

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def request(number: int) -> OrderRequest:
    """A plain limit order."""
    return OrderRequest(
        order_ref=f"ibd-ABCDEF-{number:026d}",
        account="DU1234567",
        con_id=265598,
        side=Side.BUY,
        quantity=Decimal(100),
        order_type=OrderType.LMT,
        limit_price=Decimal("233.33"),
    )


def order(number: int, note: str = "") -> Order:
    """The order of `request(number)`, just taken."""
    asked = request(number)
    return Order(
        order_ref=asked.order_ref,
        number=number,
        account=asked.account,
        con_id=asked.con_id,
        label="AAPL",
        side=asked.side,
        quantity=asked.quantity,
        order_type=asked.order_type,
        type_text="LMT",
        limit_price=asked.limit_price,
        tif=TimeInForce.DAY,
        state=OrderState.INTENT,
        order_id=number,
        client_id=1,
        created=NOON,
        changed=NOON,
        note=note,
    )


def intent(number: int, note: str = "") -> Intent:
    """An entry of about one kilobyte, plus its note."""
    return Intent(order=order(number, note), request=request(number))


_SCALARS: dict[object, st.SearchStrategy[object]] = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    type(None): st.none(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    datetime: st.datetimes(timezones=st.just(UTC)),
    date: st.dates(),
}


def values_of(kind: object) -> st.SearchStrategy[object]:
    """Any value of a type of the domain: a struct, an enumeration, a union, a tuple, a mapping, a scalar."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if get_origin(kind) in {Union, types.UnionType}:
        return st.one_of([values_of(part) for part in get_args(kind)])
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is Ellipsis:
            return st.lists(values_of(parts[0]), max_size=3).map(tuple)
        return st.tuples(*[values_of(part) for part in parts])
    if get_origin(kind) is dict:
        return st.dictionaries(*map(values_of, get_args(kind)), max_size=3)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and issubclass(kind, Struct):
        hints = get_type_hints(kind)
        return st.deferred(lambda: st.builds(kind, **{name: values_of(hints[name]) for name in kind.__struct_fields__}))
    raise AssertionError(f"no strategy for {kind!r}")
