"""The estimate of a commission."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.instruments import Instrument, SecType
from core.risk.fees import estimate_commission

STOCK = Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")


@pytest.mark.parametrize(
    ("quantity", "price", "fee"),
    [
        ("100", "233.33", "1.00"),
        ("200", "233.33", "1.00"),
        ("201", "233.33", "1.01"),
        ("1000", "233.33", "5.00"),
        ("1", "233.33", "1.00"),
        ("10", "0.50", "0.05"),
        ("1", "99.99", "1.00"),
    ],
)
def test_us_stocks(quantity: str, price: str, fee: str) -> None:
    assert estimate_commission(STOCK, Decimal(quantity), Decimal(price)) == Decimal(fee)


@pytest.mark.parametrize(
    "instrument",
    [
        Instrument(con_id=1, symbol="ES", sec_type=SecType.FUT, exchange="CME"),
        Instrument(con_id=1, symbol="SAP", sec_type=SecType.STK, exchange="SMART", currency="EUR"),
    ],
)
def test_no_estimate_without_a_schedule(instrument: Instrument) -> None:
    assert estimate_commission(instrument, Decimal(100), Decimal(10)) is None
