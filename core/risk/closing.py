"""Which orders get a trader out: what they may do at most, by what is held.

A trader in trouble must get out. What can at most close a position (the other side of it, no more units than are held)
passes the limits of all open orders, of their value and of margin, needs no exchange rate, and gets a few places more
than the limit on its side; the position limit counts for it only what takes from the market on its side, not the stops,
brackets and groups that wait there. What surely reduces, with everything that works on its side, passes that one too.
"""

from __future__ import annotations

from decimal import Decimal

from core.domain.orders import OrderRequest
from core.risk.facts import Exposure


def wanted(request: OrderRequest, exposure: Exposure) -> Decimal:
    """Units that the order may still fill."""
    return request.quantity - exposure.filled


def closes(request: OrderRequest, exposure: Exposure) -> bool:
    """True if the order by itself can at most close what is held, fills that are not shown yet counted too."""
    return _is_covered(request, exposure, Decimal(0))


def reduces(request: OrderRequest, exposure: Exposure) -> bool:
    """True if the order can't turn the position even if everything fills first that works on its side."""
    return _is_covered(request, exposure, exposure.same_side)


def _is_covered(request: OrderRequest, exposure: Exposure, others: Decimal) -> bool:
    if exposure.held is None:
        return False
    room = min(-exposure.held * request.side.sign, -exposure.expected * request.side.sign)
    return room > 0 and wanted(request, exposure) + others <= room
