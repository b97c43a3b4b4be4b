"""Controls 8, 9 and 10: what they say, about an instrument that nobody knows too, and their last unit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.limits import Limits
from core.domain.orders import OrderRequest
from core.risk.circumstances import Circumstances, Control
from core.risk.exposure import within_open_orders, within_position, within_unexecuted
from core.risk.facts import Exposure
from tests.risk.room import FLAT
from tests.risk.test_exposure import AROUND, BUY, LIMITS, LONG, SELL

D = Decimal
NAMELESS = replace(AROUND, instrument=None)
UNPRICED = replace(BUY, limit_price=None)


def refused(control: Control, request: OrderRequest, exposure: Exposure, around: Circumstances = AROUND) -> Denial:
    """The refusal of what must be refused."""
    denied = control(request, replace(around, exposure=exposure))
    assert denied is not None
    return denied


def test_too_many_orders() -> None:
    assert refused(within_open_orders, BUY, replace(FLAT, open_all=60)).message == (
        "60 orders work already, your limit is 60. Not sent. Cancel one of them first, or raise the limit "
        "open_orders (`ibdesk limits`)."
    )
    assert refused(within_open_orders, BUY, replace(FLAT, open_here=10), NAMELESS).message == (
        "10 orders to BUY this instrument work already, your limit is 10. Not sent. Cancel one of them first, or raise "
        "the limit open_orders_side (`ibdesk limits`)."
    )


def test_what_closes_has_four_places_more_one_less_than_ibkr_s_own() -> None:
    assert within_open_orders(SELL, replace(AROUND, exposure=replace(LONG, open_here=13))) is None
    assert (
        "14 orders to SELL AAPL work already, your limit is 14."
        in refused(within_open_orders, SELL, replace(LONG, open_here=14)).message
    )


def test_a_position_that_would_be_too_large() -> None:
    held = replace(FLAT, held=D(950), expected=D(950))
    words = (
        "{} could become 1,050 long if all filled that works (held 950), your limit is 1,000. Type a smaller quantity, "
        "or raise the limit position_quantity (`ibdesk limits`)."
    )
    assert refused(within_position, BUY, held).message == words.format("AAPL")
    assert refused(within_position, BUY, held, NAMELESS).message == words.format("this instrument")
    assert refused(within_position, replace(BUY, quantity=D(50), limit_price=D(151)), held).message == (
        "AAPL could become 1,000 long, worth 151,000.00 USD, if all filled that works; your limit is 150,000. Type a "
        "smaller quantity, or raise the limit position_value (`ibdesk limits`)."
    )


def test_positions_that_were_not_read() -> None:
    denied = refused(within_position, BUY, replace(FLAT, held=None))

    assert denied.code is DenialCode.NOT_RECONCILED
    assert denied.message == (
        "Not sent: the positions at IBKR have not been read yet, by which it is judged. Try again in a moment."
    )


@pytest.mark.parametrize(
    ("held", "quantity", "limits", "passes"),
    [
        ("0", "1", replace(LIMITS, position_quantity=D("0.5")), False),
        ("0", "0.5", replace(LIMITS, position_quantity=D("0.5")), True),
        ("0", "1", replace(LIMITS, position_value=D("99.99")), False),
        ("0", "1", replace(LIMITS, position_value=D(100)), True),
    ],
)
def test_one_unit_is_a_position(held: str, quantity: str, limits: Limits, passes: bool) -> None:
    around = replace(AROUND, limits=limits, exposure=replace(FLAT, held=D(held), expected=D(held)))

    assert (within_position(replace(BUY, quantity=D(quantity)), around) is None) is passes


def test_what_ends_flat_needs_neither_price_nor_rate() -> None:
    short = replace(FLAT, held=D(-100), expected=D(-100), rate=None)
    around = replace(AROUND, exposure=short, quote=None)

    assert within_position(BUY, around) is None
    assert within_position(replace(BUY, quantity=D(101)), around) is not None


@pytest.mark.parametrize("control", [within_position, within_unexecuted])
def test_without_a_price_or_a_rate_it_says_which(control: Control) -> None:
    quiet = replace(AROUND, quote=None)
    words = "No price of {} is known, so its value isn't. Wait for a quote, then send."

    no_price = refused(control, UNPRICED, FLAT, quiet)
    assert (no_price.code, no_price.message) == (DenialCode.NO_VALUE, words.format("AAPL"))
    assert refused(control, UNPRICED, FLAT, replace(quiet, instrument=None)).message == words.format("this instrument")
    no_rate = refused(control, BUY, replace(FLAT, rate=None, base_currency="EUR"))
    assert no_rate.code is DenialCode.NO_RATE
    assert no_rate.message.startswith(
        "No exchange rate from USD to EUR is known, so the order's value isn't. Not sent."
    )
    nameless = refused(control, BUY, replace(FLAT, rate=None, base_currency="EUR"), NAMELESS)
    assert nameless.code is DenialCode.NO_RATE
    untold = refused(control, BUY, replace(FLAT, rate=None, base_currency=""))
    assert untold.message.startswith("IBKR has not told the base currency of DU…567 yet.")


def test_orders_of_which_nothing_is_known_yet() -> None:
    assert refused(within_unexecuted, BUY, replace(FLAT, unexecuted=None)).message == (
        "What your orders could trade can't be valued: nothing is known of them yet. Not sent. Wait for it, or cancel "
        "that order."
    )


def test_a_sale_is_called_short() -> None:
    assert "could become 1,001 short" in refused(within_position, replace(SELL, quantity=D(1001)), FLAT).message
