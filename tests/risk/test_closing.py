"""Which orders get a trader out: the last unit of it, and what counts beside an order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.instructions import Oca, Trail
from core.domain.orders import OrderRequest
from core.risk.closing import beside, closes, reduces, takes
from tests.risk.room import FLAT
from tests.risk.test_exposure import BUY, LONG, SELL, STOP

D = Decimal


@pytest.mark.parametrize(
    ("held", "quantity", "passes"),
    [("1", "1", True), ("1", "1.5", False), ("0.5", "0.5", True), ("0.5", "1", False), ("0", "1", False)],
)
def test_the_last_unit_is_closed(held: str, quantity: str, passes: bool) -> None:
    long = replace(FLAT, held=D(held), expected=D(held))
    short = replace(FLAT, held=-D(held), expected=-D(held))

    assert closes(replace(SELL, quantity=D(quantity)), long) is passes
    assert closes(replace(BUY, quantity=D(quantity)), short) is passes
    assert not closes(replace(BUY, quantity=D(quantity)), long)


@pytest.mark.parametrize(
    ("request_", "taking"),
    [
        (SELL, True),
        (STOP, False),
        (replace(SELL, trail=Trail(amount=D(1))), False),
        (replace(SELL, oca=Oca(group="exits")), False),
        (replace(SELL, parent_ref="entry"), False),
    ],
)
def test_what_counts_beside_an_order_that_takes_and_one_that_waits(request_: OrderRequest, taking: bool) -> None:
    exposure = replace(LONG, same_side=D(70), same_side_taking=D(20))

    assert takes(request_) is taking
    assert beside(request_, exposure) == (20 if taking else 70)
    assert beside(request_, exposure, past_kill=True) == 70


def test_past_kill_everything_on_its_side_counts() -> None:
    exposure = replace(LONG, same_side=D(70), same_side_taking=D(20))
    some = replace(SELL, quantity=D(80))

    assert reduces(some, exposure)
    assert not reduces(replace(some, quantity=D(81)), exposure)
    assert not reduces(some, exposure, past_kill=True)
    assert reduces(replace(some, quantity=D(30)), exposure, past_kill=True)
