"""Whether the account can carry an order, and what it would do to the account."""

from __future__ import annotations

from core.practice import wire
from core.practice.account import Account, Totals, cents, order_commission
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
        account = self._ledger.account_of(order)
        held = {con_id: _held(account, con_id) for con_id in _changes(order, 0)}
        changes = _changes(order, order.remaining)
        if all(abs(held[con_id] + change) <= abs(held[con_id]) for con_id, change in changes.items()):
            return
        totals = account.totals(self._worst(order, account))
        if totals.initial > totals.net_liquidation:
            raise rejected(_margin_text(totals))

    def preview(self, order: Order) -> bytes:
        """Return the openOrder that answers a what-if order."""
        instrument, terms = order.instrument, order.terms
        account = self._ledger.account_of(order)
        before = account.totals()
        changes = _changes(order, terms.quantity)
        after = account.totals({con_id: _held(account, con_id) + change for con_id, change in changes.items()})
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
            currency=instrument.fee_currency,
        )
        return wire.what_if(order, answer)

    def _worst(self, order: Order, account: Account) -> dict[int, int]:
        """Return the largest positions that the account's working orders, and this one, may lead to, by contract id."""
        bought: dict[int, int] = {}
        sold: dict[int, int] = {}
        ratios = self._exchange.ratios()
        for instrument_id, legs in ratios.items():
            buys, sells = self._exchange.open_quantity(instrument_id, account.name)
            for con_id, ratio in legs:
                up, down = (buys, sells) if ratio > 0 else (sells, buys)
                bought[con_id] = bought.get(con_id, 0) + up * abs(ratio)
                sold[con_id] = sold.get(con_id, 0) + down * abs(ratio)
        for con_id, change in _changes(order, order.remaining).items():
            bought[con_id] = bought.get(con_id, 0) + max(change, 0)
            sold[con_id] = sold.get(con_id, 0) + max(-change, 0)
        held = {con_id: _held(account, con_id) for con_id in bought | sold}
        return {
            con_id: max(quantity + bought.get(con_id, 0), quantity - sold.get(con_id, 0), key=abs)
            for con_id, quantity in held.items()
        }


def _held(account: Account, con_id: int) -> int:
    position = account.positions.get(con_id)
    return position.quantity if position else 0


def _changes(order: Order, quantity: int) -> dict[int, int]:
    """Return by how much an order would change positions, by contract id; a combination changes those of its legs."""
    signed = quantity if order.is_buy else -quantity
    instrument = order.instrument
    if not instrument.legs:
        return {instrument.con_id: signed}
    return {leg.con_id: leg.ratio * signed for leg in instrument.legs}


def _margin_text(totals: Totals) -> str:
    return (
        "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
        f"[{cents(totals.net_liquidation)} USD] MUST EXCEED THE INITIAL MARGIN [{cents(totals.initial)} USD]"
    )
