"""What is held."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from core.domain.orders import Side


class Position(Struct, frozen=True, kw_only=True):
    """One instrument held in one account, as the broker reports it."""

    account: str
    con_id: int
    label: str
    quantity: Decimal
    """Negative when short; 0 when it was closed today."""
    average_price: Decimal
    """Price per unit of the instrument's quote (the broker's average cost divided by the multiplier)."""
    realized_pnl: Decimal | None = None
    """Today's, in the instrument's currency, by the broker; None if not reported."""


def reduced_by(held: Decimal, side: Side) -> bool:
    """True if an order of `side` works against the units held: a cancel of entries lets it stay."""
    return held * side.sign < 0


def open_pnl(position: Position, price: Decimal | None, multiplier: Decimal) -> Decimal | None:
    """Unrealised profit in the instrument's currency at `price`; None when there is no price, 0 when flat."""
    if position.quantity == 0:
        return Decimal(0)
    if price is None:
        return None
    return (price - position.average_price) * position.quantity * multiplier
