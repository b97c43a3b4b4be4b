"""Whether the account can carry an order, and what it would do to the account."""

from __future__ import annotations

from core.practice import wire
from core.practice.account import Totals, cents, order_commission
from core.practice.exchange import Exchange
from core.practice.ledger import Ledger
from core.practice.orders import Order
from core.practice.terms import rejected


class Margins:
    """Checks orders against the margin that positions and working orders may need."""

    def __init__(self, ledger: Ledger, exchange: Exchange) -> None:
        self._ledger = ledger
        self._exchange = exchange

    def check(self, order: Order) -> None:
        """Refuse an order that could bind more than there is; one that only reduces a position always passes.

        Raises RefusedError 201.
        """
        con_id = order.instrument.con_id
        held = self._held(con_id)
        after = held + (order.remaining if order.is_buy else -order.remaining)
        if abs(after) <= abs(held):
            return
        totals = self._ledger.account.totals(self._worst(order))
        if totals.initial > totals.net_liquidation:
            raise rejected(_margin_text(totals))

    def preview(self, order: Order) -> bytes:
        """Return the openOrder that answers a what-if order."""
        instrument, terms = order.instrument, order.terms
        account = self._ledger.account
        held = self._held(instrument.con_id)
        before = account.totals()
        after = account.totals({instrument.con_id: held + (terms.quantity if order.is_buy else -terms.quantity)})
        quote = self._ledger.market.quotes[instrument.con_id]
        units = terms.limit or (quote.ask if order.is_buy else quote.bid)
        value = instrument.price(units) * terms.quantity * instrument.multiplier
        commission = order_commission(instrument, terms.quantity, value)
        answer = wire.WhatIf(
            initial_before=cents(before.initial),
            initial_after=cents(after.initial),
            maintenance_before=cents(before.maintenance),
            maintenance_after=cents(after.maintenance),
            equity_before=cents(before.net_liquidation),
            equity_after=cents(before.net_liquidation - commission),
            commission=commission,
            currency=instrument.currency,
        )
        return wire.what_if(order, answer)

    def _held(self, con_id: int) -> int:
        position = self._ledger.account.positions.get(con_id)
        return position.quantity if position else 0

    def _worst(self, order: Order) -> dict[int, int]:
        """Return the largest positions that working orders, and this one, may lead to, by contract id."""
        worst: dict[int, int] = {}
        for con_id in self._exchange.instruments() | {order.instrument.con_id}:
            held = self._held(con_id)
            bought, sold = self._exchange.open_quantity(con_id)
            if con_id == order.instrument.con_id:
                bought += order.remaining if order.is_buy else 0
                sold += 0 if order.is_buy else order.remaining
            worst[con_id] = max(held + bought, held - sold, key=abs)
        return worst


def _margin_text(totals: Totals) -> str:
    return (
        "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
        f"[{cents(totals.net_liquidation)} USD] MUST EXCEED THE INITIAL MARGIN [{cents(totals.initial)} USD]"
    )
