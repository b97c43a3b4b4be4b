"""Control 2: what one order is worth in the account's base currency, and the limit of that."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Denial, DenialCode
from core.domain.orders import OrderRequest, Side
from core.risk.basics import gets_out
from core.risk.circumstances import Circumstances, deny
from core.risk.closing import closes
from core.risk.prices import reference_price
from core.text import mask_account


def worst_price(request: OrderRequest, circumstances: Circumstances) -> Decimal | None:
    """The price that makes the order worth most: its own, or the market's where it sells below that; None without any.

    Never negative: a combination that is paid for being taken counts as what it is paid.
    """
    market = reference_price(request, circumstances)
    own = request.limit_price if request.limit_price is not None else request.stop_price
    prices = [abs(price) for price in (own, market if own is None or request.side is Side.SELL else None) if price]
    if prices:
        return max(prices)
    return None if own is None and market is None else Decimal(0)


def order_value(request: OrderRequest, circumstances: Circumstances) -> Decimal | None:
    """Quantity times the worst known price times multiplier, in the instrument's currency; None without any price."""
    price, instrument = worst_price(request, circumstances), circumstances.instrument
    return None if price is None or instrument is None else request.quantity * price * instrument.multiplier


def unit_value(request: OrderRequest, circumstances: Circumstances) -> Decimal | None:
    """What one unit of the order is worth in the base currency; None where price, contract or rate are not known."""
    price, instrument, rate = worst_price(request, circumstances), circumstances.instrument, circumstances.exposure.rate
    return None if price is None or instrument is None or rate is None else price * instrument.multiplier * rate.value


def within_value(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The value of one order is within its limit, unless core computed it to close.

    What at most closes passes where no rate is known to judge it by.
    """
    instrument, exposure = circumstances.instrument, circumstances.exposure
    if instrument is None:
        return None
    base, rate, limit = exposure.base_currency, exposure.rate, circumstances.limits.order_value
    if rate is None:
        return None if closes(request, exposure) else no_rate(request.account, instrument.currency, base)
    value = order_value(request, circumstances)
    if value is None and circumstances.asked.past_kill:
        return None
    if value is None:
        return deny(
            DenialCode.NO_VALUE, f"No price of {instrument.label} is known, so its value isn't. Wait for a quote."
        )
    worth = value * rate.value
    if worth <= limit or gets_out(request, circumstances):
        return None
    at = "" if rate.time is None else f" {base} at {rate.value:.6g} a {rate.currency}"
    return deny(
        DenialCode.VALUE_MAX,
        f"Value {worth:,.2f}{at} is above your limit of {limit:,f} an order. Type a smaller quantity, or raise "
        "the limit order_value (`ibdesk limits`).",
        limit="order_value",
    )


def no_rate(account: str, currency: str, base: str) -> Denial:
    """The denial of what can't be judged in the base currency."""
    if not base:
        text = f"IBKR has not told the base currency of {mask_account(account)} yet. Not sent. Try again in a moment."
    else:
        text = (
            f"No exchange rate from {currency} to {base} is known, so the order's value isn't. Not sent. "
            f"Watch the currency pair ( / ), then send it again."
        )
    return deny(DenialCode.NO_RATE, text)
