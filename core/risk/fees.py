"""What an order will cost in commission, estimated before it is sent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from core.domain.instruments import Instrument, SecType

_CENT = Decimal("0.01")
_US_STOCK_PER_SHARE = Decimal("0.005")
_US_STOCK_MINIMUM = Decimal("1.00")
_US_STOCK_MAXIMUM_PART = Decimal("0.01")


def estimate_commission(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal | None:
    """Commission of one order filled whole at `price`, in the instrument's currency; None where no schedule is known.

    Source: IBKR's fixed pricing for US stocks and ETFs: 0.005 a share, at least 1.00, at most 1 % of the trade's value.
    """
    if instrument.sec_type is not SecType.STK or instrument.currency != "USD":
        return None
    value = quantity * price
    fee = min(max(quantity * _US_STOCK_PER_SHARE, _US_STOCK_MINIMUM), value * _US_STOCK_MAXIMUM_PART)
    return fee.quantize(_CENT, ROUND_HALF_UP)
