"""Every error code, for every kind of request, before and after the order was taken: what it does to the order."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from core.broker.error_codes import classify
from core.domain.orders import Order, OrderState, Pending, terms_of
from core.domain.reports import RequestKind
from core.execution import lifecycle
from tests.domain.test_values import ORDER
from tests.execution.reports import NOON, D, error

S, K = OrderState, RequestKind
NEW, CHANGE, CANCEL, DATA, SESSION = K.NEW_ORDER, K.MODIFY, K.CANCEL, K.MARKET_DATA, K.CONNECTION

REFUSALS = (110, 113, 115, 121, 126, 148, 160, 200, 325, 343, 367, 387, 394, 413, 423, 442, 463, 10000, 10011, 10240)
OURS = (103, 105, 106, 107, 122, 139, 145, 303, 434, 435, 436)
VENUE = (201, 203)
HOLDS = (109, 163, 164, 382, 383, 404, 451)
CANT = (104, 134, 135, 136, 137, 161, 329, 422, 440, 444, 2102, 10147, 10148, 10241, 10242, 10326, 10327)
UNCERTAIN = (133, 320, 321, 322, 323, 512, 515, 538, 10328, 100, 154, 415, 420, 10006)
HARMLESS = (399, 2109, 2130, 2137, 10311, 10329, 131)
SILENT = (2100, 2104, 2106, 2107, 2108, 2119, 2152, 2158, 10233, 10349, 10090, 10167, 354, 10089, 10197, 162, 300)
NOBODY_LISTS = (0, 99, 108, 461, 462, 999, 3000, 10149, 10310, 10331, 10351, 31337)


def an_order(*, taken: bool, pending: Pending = Pending.NONE) -> Order:
    """One that the broker has taken or not; with a change under way, its old size is 50."""
    order = replace(ORDER, state=S.WORKING if taken else S.SENT, perm_id=900_001 if taken else None, pending=pending)
    return replace(order, previous=terms_of(replace(order, quantity=D(50)))) if pending is Pending.MODIFY else order


def told(order: Order, code: int, kind: RequestKind) -> lifecycle.Conclusion:
    """What follows from a code."""
    return lifecycle.from_error(order, error(5, code, classify(code, kind, "the reason"), kind=kind), NOON)


@pytest.mark.row(49)
@pytest.mark.parametrize("code", [*REFUSALS, *OURS])
def test_row_49_a_refusal_ends_a_new_order_only_while_nothing_shows_that_it_was_taken(code: int) -> None:
    fresh, taken = told(an_order(taken=False), code, NEW), told(an_order(taken=True), code, NEW)

    assert fresh.order.state is S.REJECTED
    assert (taken.order.state, taken.ask) == (S.WORKING, True)
    for conclusion in (fresh, taken):
        assert conclusion.incident is not None


@pytest.mark.row(49)
@pytest.mark.parametrize("code", VENUE)
def test_row_49_a_venue_may_refuse_what_was_taken_and_is_checked(code: int) -> None:
    assert told(an_order(taken=False), code, NEW).order.state is S.REJECTED
    later = told(an_order(taken=True), code, NEW)
    assert (later.order.state, later.ask) == (S.REJECTED, True)
    filled = told(replace(an_order(taken=True), filled=D(1)), code, NEW)
    assert (filled.order.state, filled.ask) == (S.WORKING, True)


@pytest.mark.row(49, 53)
@pytest.mark.parametrize("code", [*REFUSALS, *OURS, *VENUE, *HOLDS, *CANT])
def test_row_49_and_53_a_refused_change_leaves_the_order_at_its_old_terms(code: int) -> None:
    after = told(an_order(taken=True, pending=Pending.MODIFY), code, CHANGE)

    order = after.order
    assert (order.state, order.pending, order.previous, order.quantity) == (S.WORKING, Pending.NONE, None, D(50))
    assert after.ask


@pytest.mark.row(49)
@pytest.mark.parametrize("code", [*REFUSALS, *OURS, *VENUE, *HOLDS, *CANT])
def test_row_49_a_refused_cancel_leaves_the_order_live_and_asks(code: int) -> None:
    after = told(an_order(taken=True, pending=Pending.CANCEL), code, CANCEL)

    assert (after.order.state, after.order.pending, after.ask) == (S.WORKING, Pending.NONE, True)


@pytest.mark.row(49, 51)
@pytest.mark.parametrize("code", HOLDS)
def test_row_49_a_hold_counts_as_exposure(code: int) -> None:
    for taken in (False, True):
        order = told(an_order(taken=taken), code, NEW).order
        assert (order.state, order.remaining) == (S.HELD, D(100))


@pytest.mark.row(49)
@pytest.mark.parametrize("code", UNCERTAIN)
def test_row_49_what_leaves_the_outcome_open_is_unknown_or_asked_about(code: int) -> None:
    assert told(an_order(taken=False), code, NEW).order.state is S.UNKNOWN
    for order, kind in (
        (an_order(taken=True), NEW),
        (an_order(taken=True, pending=Pending.MODIFY), CHANGE),
        (an_order(taken=True, pending=Pending.CANCEL), CANCEL),
    ):
        after = told(order, code, kind)
        assert (after.order.state, after.order.pending, after.ask) == (S.WORKING, order.pending, True)


@pytest.mark.row(49)
@pytest.mark.parametrize("code", HARMLESS)
@pytest.mark.parametrize("kind", [NEW, CHANGE, CANCEL])
def test_row_49_a_warning_is_noted_and_nothing_else(code: int, kind: RequestKind) -> None:
    for taken in (False, True):
        before = an_order(taken=taken)
        after = told(before, code, kind)
        assert after.order == replace(before, note="the reason", code=code)
        assert not after.ask


@pytest.mark.row(49)
@pytest.mark.parametrize("code", SILENT)
@pytest.mark.parametrize("kind", [NEW, CHANGE, CANCEL])
def test_row_49_what_is_not_about_orders_touches_none(code: int, kind: RequestKind) -> None:
    for taken in (False, True):
        before = an_order(taken=taken)
        assert told(before, code, kind) == lifecycle.Conclusion(before)


@pytest.mark.row(49)
@pytest.mark.parametrize("code", NOBODY_LISTS)
@pytest.mark.parametrize("kind", [NEW, CHANGE, CANCEL, K.UNKNOWN])
def test_row_49_an_unknown_code_changes_nothing_and_asks(code: int, kind: RequestKind) -> None:
    for pending in Pending:
        before = an_order(taken=True, pending=pending)
        after = told(before, code, kind)
        assert after.order == replace(before, note="the reason", code=code)
        assert after.ask
        assert after.incident is not None


@pytest.mark.row(49)
def test_row_49_no_code_of_all_ends_an_order_that_was_taken_but_a_cancel_and_a_venue() -> None:
    """Every number from 0 to 10,351, in every kind of request."""
    for kind in RequestKind:
        for code in range(10_352):
            for pending in (Pending.NONE, Pending.CANCEL):
                order = told(an_order(taken=True, pending=pending), code, kind).order
                ends = (code in VENUE and kind is NEW) or (code == 202 and kind in (NEW, CHANGE, CANCEL, K.UNKNOWN))
                assert order.is_live is not ends, (code, kind)


@pytest.mark.row(49)
def test_row_49_data_and_session_codes_never_reach_an_order() -> None:
    for kind in (DATA, SESSION, K.QUERY):
        for code in range(10_352):
            before = an_order(taken=False)
            assert told(before, code, kind) == lifecycle.Conclusion(before)
