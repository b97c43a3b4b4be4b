"""Each kind of evidence in each state: the table's row, or a person is told and nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from msgspec.structs import replace

from core.domain.events import Severity
from core.domain.orders import TERMINAL_STATES, Order, OrderState, Pending, Terms
from core.domain.reports import ErrorClass, RequestKind
from core.domain.transitions import TRANSITIONS, Trigger
from core.execution import lifecycle
from core.execution.lifecycle import Conclusion
from core.execution.state import lose_touch
from tests.domain.test_values import ORDER
from tests.execution.reports import NOON, D, completed, error, open_order, status

LATER = NOON + timedelta(seconds=1)

EVIDENCE: dict[str, tuple[Trigger, Callable[[Order], Conclusion]]] = {
    "status Submitted": (Trigger.ACCEPTED, lambda order: lifecycle.from_status(order, status(5), LATER)),
    "status Inactive": (Trigger.HELD, lambda order: lifecycle.from_status(order, status(5, "Inactive"), LATER)),
    "status Cancelled": (Trigger.CANCELLED, lambda order: lifecycle.from_status(order, status(5, "Cancelled"), LATER)),
    "status locate": (Trigger.HELD, lambda order: lifecycle.from_status(order, status(5, why="locate"), LATER)),
    "open order": (
        Trigger.ACCEPTED,
        lambda order: lifecycle.from_open_order(order, open_order(price="141.20"), LATER),
    ),
    "completed Cancelled": (Trigger.CANCELLED, lambda order: lifecycle.from_completed(order, completed(), LATER)),
    "completed Inactive": (
        Trigger.REJECTED,
        lambda order: lifecycle.from_completed(order, completed(word="Inactive"), LATER),
    ),
    "a part": (Trigger.PART_FILLED, lambda order: lifecycle.from_fills(order, D(40), D(9), LATER)),
    "the whole": (Trigger.FILLED, lambda order: lifecycle.from_fills(order, D(100), D(9), LATER)),
    "code 202": (
        Trigger.CANCELLED,
        lambda order: lifecycle.from_error(order, error(5, 202, ErrorClass.CANCELLED), LATER),
    ),
}


@pytest.mark.parametrize(("state", "name"), product(OrderState, EVIDENCE))
def test_every_evidence_in_every_state_has_a_row_or_is_told(state: OrderState, name: str) -> None:
    trigger, conclude = EVIDENCE[name]
    order = replace(ORDER, state=state)
    row = TRANSITIONS.get((state, trigger))

    conclusion = conclude(order)

    after = conclusion.order
    assert after.state is (state if row is None else row)
    assert (after.changed == LATER) == (after.state is not state)
    if row is None:
        assert conclusion.incident is not None
        assert conclusion.incident.order_ref == order.order_ref
    if state in TERMINAL_STATES and after.state is not state:
        assert conclusion.incident is not None
        assert conclusion.incident.severity is Severity.ALARM
    if after.state in TERMINAL_STATES:
        assert (after.pending, after.previous) == (Pending.NONE, None)


@pytest.mark.parametrize("state", OrderState)
def test_losing_touch(state: OrderState) -> None:
    order = replace(ORDER, state=state, note="before", code=399)

    after = lose_touch(order, LATER, "no answer from IBKR")

    if state in TERMINAL_STATES:
        assert after == order
    else:
        assert (after.state, after.note, after.code) == (OrderState.UNKNOWN, "no answer from IBKR", None)
        assert after.changed == (order.changed if state is OrderState.UNKNOWN else LATER)


@pytest.mark.parametrize("word", ["ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel"])
def test_live_words(word: str) -> None:
    order = replace(ORDER, state=OrderState.SENT)

    assert lifecycle.from_status(order, status(5, word), LATER).order.state is OrderState.WORKING


@pytest.mark.parametrize("word", ["Cancelled", "ApiCancelled"])
def test_ended_words(word: str) -> None:
    assert lifecycle.from_status(ORDER, status(5, word), LATER).order.state is OrderState.CANCELLED


def test_no_figure_of_a_status_is_believed() -> None:
    after = lifecycle.from_status(ORDER, status(5, "Filled"), LATER)

    assert (after.order.filled, after.order.state, after.ask) == (D(0), OrderState.WORKING, True)


def test_the_permanent_number_is_learnt_once() -> None:
    once = lifecycle.from_status(ORDER, status(5, perm_id=7), LATER).order
    again = lifecycle.from_completed(once, completed(perm_id=8), LATER).order

    assert (once.perm_id, again.perm_id) == (7, 7)
    assert lifecycle.from_status(ORDER, status(5, perm_id=0), LATER).order.perm_id is None


def test_a_refusal_is_believed_of_a_new_order_without_fills_alone() -> None:
    refusal = error(5, 201, ErrorClass.REJECTED)
    states = {
        state: lifecycle.from_error(replace(ORDER, state=state), refusal, LATER).order.state for state in OrderState
    }

    assert {state for state, after in states.items() if after is OrderState.REJECTED} == {
        OrderState.INTENT,
        OrderState.SENT,
        OrderState.WORKING,
        OrderState.HELD,
        OrderState.UNKNOWN,
        OrderState.REJECTED,
    }
    filled = lifecycle.from_error(replace(ORDER, filled=D(1)), refusal, LATER)
    assert (filled.order.state, filled.ask) == (OrderState.WORKING, True)
    asked = lifecycle.from_error(ORDER, refusal, LATER)
    assert asked.ask, "a venue's refusal of an accepted order is checked"
    assert not lifecycle.from_error(replace(ORDER, state=OrderState.SENT), refusal, LATER).ask


@pytest.mark.parametrize(
    ("kind", "error_class"),
    product(
        [RequestKind.MODIFY, RequestKind.CANCEL, RequestKind.UNKNOWN],
        [ErrorClass.REJECTED, ErrorClass.HELD, ErrorClass.AMBIGUOUS, ErrorClass.CANCEL_REFUSED, ErrorClass.UNLISTED],
    ),
)
def test_nothing_but_the_answer_to_a_new_order_moves_its_state(kind: RequestKind, error_class: ErrorClass) -> None:
    for state in OrderState:
        conclusion = lifecycle.from_error(replace(ORDER, state=state), error(5, 201, error_class, kind=kind), LATER)
        assert conclusion.order.state is state
        assert conclusion.ask


def test_words_of_a_refusal() -> None:
    conclusion = lifecycle.from_error(
        replace(ORDER, state=OrderState.SENT), error(5, 201, ErrorClass.REJECTED, text="needs margin"), LATER
    )

    assert conclusion.incident is not None
    assert conclusion.incident.text == "IBKR refused #7 BUY 100 NVDA @ 141.20: needs margin [201]"
    external = replace(ORDER, number=0, external=True)
    told = lifecycle.from_status(external, status(5, "Huh"), LATER).incident
    assert told is not None
    assert told.text == "EXT BUY 100 NVDA @ 141.20: unknown status 'Huh'."


def test_an_unknown_end_is_told() -> None:
    conclusion = lifecycle.from_completed(ORDER, completed(word="Huh"), LATER)

    assert conclusion.order.state is OrderState.WORKING
    assert conclusion.incident is not None
    assert conclusion.incident.text == "#7 BUY 100 NVDA @ 141.20: completed as 'Huh'."


def test_old_terms_leave_a_cancel_pending() -> None:
    terms = Terms(quantity=D(40), limit_price=D("1.00"))
    asked = replace(ORDER, pending=Pending.CANCEL, previous=terms)

    kept = lifecycle.with_old_terms(asked)

    assert (kept.quantity, kept.limit_price, kept.pending, kept.previous) == (D(40), D("1.00"), Pending.CANCEL, None)
    assert lifecycle.with_old_terms(ORDER) is ORDER


def test_terms_that_others_changed_are_taken_over() -> None:
    ours = lifecycle.from_open_order(ORDER, open_order(quantity="80", price="141.00"), LATER).order
    theirs = lifecycle.from_open_order(
        replace(ORDER, external=True, note="other client (0)"), open_order(quantity="80", price="141.00"), LATER
    ).order
    ended = replace(ORDER, state=OrderState.FILLED, filled=D(100))

    assert (ours.quantity, ours.limit_price, ours.note) == (D(80), D("141.00"), "terms as the broker holds them")
    assert (theirs.quantity, theirs.note) == (D(80), "other client (0)")
    assert lifecycle.from_open_order(ended, open_order(quantity="80"), LATER).order.quantity == 100
