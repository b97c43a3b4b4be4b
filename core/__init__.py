"""The execution service of ibdesk: it owns the orders and knows no screen.

Importing this package imports nothing else, so that a short command pays only for what it uses. What scripts use
(`from core import Desk`) is imported when it is named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.domain.order_status import OrderStatus
    from core.errors import OrderRejectedError, RiskCheckError
    from core.scripting.broker import Broker
    from core.scripting.desk import Desk
    from core.scripting.tickets import Ticket, ticket

__all__ = ["Broker", "Desk", "OrderRejectedError", "OrderStatus", "RiskCheckError", "Ticket", "ticket"]

_PLACES = {
    "Broker": "core.scripting.broker",
    "Desk": "core.scripting.desk",
    "OrderRejectedError": "core.errors",
    "OrderStatus": "core.domain.order_status",
    "RiskCheckError": "core.errors",
    "Ticket": "core.scripting.tickets",
    "ticket": "core.scripting.tickets",
}
"""Where the names that scripts use are defined."""


def __getattr__(name: str) -> object:
    """Import what a script names. Raises AttributeError for any other name."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_PLACES[name]), name)
    return found
