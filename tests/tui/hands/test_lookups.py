"""An order that nobody answered for is found, or was never sent; it is never sent again by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from core.domain.orders import OrderState
from tests.tui.sample import ORDERS
from tui.hands.lookups import look_up

ORDER = next(order for order in ORDERS if order.number == 9)
WORDS = "BUY 200 SPY @ 597.90"
SENT = datetime(2026, 11, 20, 21, 55, tzinfo=UTC)


def test_what_core_knows_was_sent() -> None:
    found = look_up(ORDER.order_ref, WORDS, {ORDER.order_ref: ORDER}, sent=SENT)

    assert found.was_sent
    assert found.text == "#9 BUY 200 SPY @ 597.90: it was sent and is WORKING. Don't send it again."


def test_what_core_does_not_know_was_never_sent() -> None:
    found = look_up("ibd-x", WORDS, {ORDER.order_ref: ORDER}, sent=SENT)

    assert not found.was_sent
    assert found.text == f"{WORDS}: never sent, core does not know it. Enter sends it now."


def test_what_core_denied_was_not_sent() -> None:
    denied = replace(ORDER, state=OrderState.DENIED, note="The connection was gone.")

    found = look_up(ORDER.order_ref, WORDS, {ORDER.order_ref: denied}, sent=SENT)

    assert not found.was_sent
    assert found.text == f"{WORDS}: not sent. The connection was gone."


def test_what_core_no_longer_shows_may_have_been_sent() -> None:
    roll = SENT + timedelta(minutes=5)
    gone = look_up("ibd-x", WORDS, {}, sent=SENT, since=roll)

    assert gone.may_be_elsewhere
    assert gone.text.startswith(f"{WORDS}: whether it was sent is not known here.")
    assert not look_up("ibd-x", WORDS, {}, sent=roll, since=roll).may_be_elsewhere
    assert look_up(ORDER.order_ref, WORDS, {ORDER.order_ref: ORDER}, sent=SENT, since=roll).was_sent
