"""Which fills count for an order: of a combination its own, not those of its legs, which are told beside them."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.executions import Execution
from core.domain.orders import Order


def is_leg(order: Order | None, execution: Execution) -> bool:
    """Whether a fill that carries the order's reference is one of its legs'; of an order nobody knows none is."""
    return order is not None and order.con_id < 0 and execution.con_id != order.con_id


def own_fills(order: Order | None, executions: Iterable[Execution]) -> list[Execution]:
    """Those that count."""
    return [execution for execution in executions if not is_leg(order, execution)]
