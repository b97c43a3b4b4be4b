"""Which fills count for an order: of a combination its own, not those of its legs, which are told beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.domain.executions import Execution, filled_and_average
from core.domain.orders import Order


def is_leg(order: Order | None, execution: Execution) -> bool:
    """Whether a fill that carries the order's reference is one of its legs'; of an order nobody knows none is."""
    return order is not None and order.con_id < 0 and execution.con_id != order.con_id


def own_fills(order: Order | None, executions: Iterable[Execution]) -> list[Execution]:
    """Those that count."""
    if order is None or order.con_id >= 0:
        return list(executions)
    return [execution for execution in executions if execution.con_id == order.con_id]


def filled_so_far(fills: Sequence[Execution]) -> tuple[Decimal, Decimal | None]:
    """Units filled and their average price, of the latest revisions alone; (0, None) when nothing stands."""
    if len(fills) == 1 and fills[0].quantity:
        return fills[0].quantity, fills[0].price
    return filled_and_average(fills)
