"""Control 10, the whole portfolio: all positions together against a part of net liquidation."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.denials import DenialCode
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, Side
from core.risk.circumstances import Circumstances
from core.risk.facts import Elsewhere, Exposure
from core.risk.portfolio import within_portfolio
from tests.execution.reports import AAPL, ACCOUNT, D, buy
from tests.risk.room import FLAT, RICH

BUY = buy(price="100.00")
"""100 units worth 10,000."""
SELL = buy(side=Side.SELL, price="100.00")


def around(
    part: str | None = "0.05",
    elsewhere: str = "0",
    equity: str | None = "200000",
    exposure: Exposure = FLAT,
    **given: object,
) -> Circumstances:
    """An account of 200,000 of which a twentieth, 10,000, may be invested."""
    made = Circumstances(
        instrument=AAPL,
        quote=None,
        accounts=(ACCOUNT,),
        limits=Limits(portfolio_risk=None if part is None else D(part)),
        exposure=exposure,
        funds=replace(RICH, equity=None if equity is None else D(equity)),
        elsewhere=Elsewhere(value=D(elsewhere)),
    )
    return replace(made, **given)


@pytest.mark.covers("D4.7")
@pytest.mark.parametrize("request_", [BUY, SELL])
@pytest.mark.parametrize(
    ("given", "passes"),
    [
        (around(), True),
        (around(elsewhere="0.01"), False),
        (around(part="0.0499"), False),
        (around(equity="199999"), False),
        (around(part="0.1", elsewhere="10000"), True),
        (around(part="0.1", elsewhere="10000.01"), False),
        (around(part="1.5", elsewhere="290000"), True),
        (around(part=None, elsewhere="9e9"), True),
        (around(equity="-5"), False),
    ],
)
def test_all_positions_together_stay_within_their_part(
    request_: OrderRequest, given: Circumstances, passes: bool
) -> None:
    found = within_portfolio(request_, given)

    assert (found is None) is passes
    if found is not None:
        assert (found.code, found.limit) == (DenialCode.PORTFOLIO_MAX, "portfolio_risk")


def test_the_denial_says_how_much_it_would_be() -> None:
    found = within_portfolio(BUY, around(elsewhere="2000"))

    assert found is not None
    assert found.message == (
        "All positions together could come to 12,000.00 USD; your limit is 5 % of net liquidation, 10,000.00. Not "
        "sent. Type a smaller quantity, or see `ibdesk limits` (portfolio_risk)."
    )


def held(units: int, same: int = 0, other: int = 0, expected: int | None = None) -> Exposure:
    """A position in the instrument, with what works on both sides of a buy."""
    return replace(
        FLAT,
        held=D(units),
        expected=D(units if expected is None else expected),
        same_side=D(same),
        same_side_standing=D(same),
        same_side_taking=D(same),
        other_side_standing=D(other),
    )


@pytest.mark.parametrize(
    ("exposure", "passes"),
    [
        (held(0), True),
        (held(1), False),
        (held(0, same=1), False),
        (held(0, expected=1), False),
        (held(0, other=100), True),
        (held(0, other=101), False),
        (held(-50, other=51), False),
        (replace(held(1), filled=D(1)), True),
        (held(-201, expected=0), False),
        (held(0, expected=-201), False),
        (held(-100, other=1, expected=0), False),
        (held(0, other=1, expected=-100), False),
        (held(-100), True),
        (held(-200, expected=-200), True),
    ],
)
def test_a_position_counts_as_large_as_it_may_become(exposure: Exposure, passes: bool) -> None:
    assert (within_portfolio(BUY, around(exposure=exposure)) is None) is passes


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (around(equity=None), "IBKR has not told net liquidation yet"),
        (replace(around(), elsewhere=Elsewhere(unvalued="TSLA has no price")), "TSLA has no price"),
        (replace(around(), elsewhere=Elsewhere()), "the positions have not been read yet"),
        (around(exposure=replace(FLAT, held=None)), "the positions have not been read yet"),
        (around(exposure=replace(FLAT, rate=None)), "no price or exchange rate of AAPL is known"),
        (around(instrument=None), "no price or exchange rate of this instrument is known"),
    ],
)
def test_what_is_not_known_refuses_and_says_what(given: Circumstances, says: str) -> None:
    found = within_portfolio(BUY, given)

    assert found is not None
    assert (found.code, found.limit) == (DenialCode.NO_VALUE, "portfolio_risk")
    assert found.message == (
        f"What all positions come to can't be judged: {says}. Not sent. Wait for it, or reduce a position instead."
    )


def test_what_at_most_closes_passes_whatever_is_known() -> None:
    nothing = replace(around(equity=None, exposure=held(100)), elsewhere=Elsewhere())

    assert within_portfolio(SELL, nothing) is None
    assert within_portfolio(replace(SELL, quantity=Decimal(101)), nothing) is not None
