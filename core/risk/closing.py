"""Which orders get a trader out: what they may do at most, by what is held.

A trader in trouble must get out. What can at most close a position (the other side of it, no more units than are held)
passes the limits of all open orders, of their value and of margin, needs no exchange rate, and gets a few places more
than the limit on its side; the position limit counts for it only what takes from the market on its side, not the stops,
brackets and groups that wait there. What surely reduces, counted the same way, passes that one too.
"""

from __future__ import annotations

from decimal import Decimal

from core.domain.orders import OrderRequest, OrderSpec, Terms
from core.risk.facts import Exposure


def wanted(request: OrderRequest, exposure: Exposure) -> Decimal:
    """Units that the order may still fill."""
    return request.quantity - exposure.filled


def closes(request: OrderRequest, exposure: Exposure) -> bool:
    """True if the order by itself can at most close what is held, fills that are not shown yet counted too."""
    return _is_covered(request, exposure, Decimal(0))


def takes(spec: OrderSpec) -> bool:
    """True for an order that waits for nothing but its price: no stop, in no group, attached to none."""
    return not spec.parent_ref and spec.oca is None and not _starts_later(spec)


def beside(request: OrderRequest, exposure: Exposure, *, past_kill: bool = False) -> Decimal:
    """Units on the side of an order that count with it where only what reduces may leave.

    For one that takes, those of other orders that take: a stop or a bracket that waits keeps no exit back. For one that
    waits itself, and past KILL, everything that works there.
    """
    return exposure.same_side_taking if takes(request) and not past_kill else exposure.same_side


def reduces(request: OrderRequest, exposure: Exposure, *, past_kill: bool = False) -> bool:
    """True if the order can't turn the position even if everything fills first that counts beside it."""
    return _is_covered(request, exposure, beside(request, exposure, past_kill=past_kill))


def only_moves(request: OrderRequest, exposure: Exposure, before: Terms | None) -> bool:
    """True for a change of what at most closes that adds no units and makes no order take that waited before.

    `before` are the terms that it changes; None for a new order.
    """
    if before is None or request.quantity > before.quantity or not closes(request, exposure):
        return False
    return not takes(request) or not _starts_later(before)


def _starts_later(terms: Terms) -> bool:
    return terms.stop_price is not None or terms.trail is not None


def _is_covered(request: OrderRequest, exposure: Exposure, others: Decimal) -> bool:
    if exposure.held is None:
        return False
    room = min(-exposure.held * request.side.sign, -exposure.expected * request.side.sign)
    return room > 0 and wanted(request, exposure) + others <= room
