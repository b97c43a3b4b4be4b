"""The table of an order's life, against a model that knows only what has filled."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.orders import TERMINAL_STATES, OrderState
from core.domain.transitions import TRANSITIONS, Trigger, transition

S, T = OrderState, Trigger
LIVE_STATES = frozenset(S) - TERMINAL_STATES
FILLS = frozenset({T.FILLED, T.PART_FILLED})
ENDINGS = {
    T.FILLED: S.FILLED,
    T.CANCELLED: S.CANCELLED,
    T.REJECTED: S.REJECTED,
    T.EXPIRED: S.EXPIRED,
    T.PRESUMED: S.PRESUMED_NOT_PLACED,
    T.NOT_SENT: S.DENIED,
}

LATE_EVIDENCE = {
    (S.CANCELLED, T.FILLED): S.FILLED,
    (S.EXPIRED, T.FILLED): S.FILLED,
    (S.REJECTED, T.FILLED): S.FILLED,
    (S.REJECTED, T.PART_FILLED): S.UNKNOWN,
    (S.REJECTED, T.ACCEPTED): S.UNKNOWN,
    (S.PRESUMED_NOT_PLACED, T.ACCEPTED): S.WORKING,
    (S.PRESUMED_NOT_PLACED, T.HELD): S.HELD,
    (S.PRESUMED_NOT_PLACED, T.PART_FILLED): S.UNKNOWN,
    (S.PRESUMED_NOT_PLACED, T.FILLED): S.FILLED,
    (S.PRESUMED_NOT_PLACED, T.CANCELLED): S.CANCELLED,
    (S.DENIED, T.ACCEPTED): S.WORKING,
    (S.DENIED, T.HELD): S.HELD,
    (S.DENIED, T.PART_FILLED): S.UNKNOWN,
    (S.DENIED, T.FILLED): S.FILLED,
    (S.DENIED, T.CANCELLED): S.CANCELLED,
}
"""Every way out of a terminal state. A new one has to be argued for here too."""

PAIRS = list(product(S, T))


def after(state: OrderState, trigger: Trigger) -> OrderState:
    """The state after a trigger; a pair without a row changes nothing."""
    return transition(state, trigger) or state


def test_terminal_states_are_left_by_the_listed_rows_only() -> None:
    ways_out = {pair: new for pair, new in TRANSITIONS.items() if pair[0] in TERMINAL_STATES and new is not pair[0]}

    assert ways_out == LATE_EVIDENCE


@pytest.mark.parametrize("state", S)
def test_fill_of_the_whole_quantity_wins_from_everywhere(state: OrderState) -> None:
    assert transition(state, T.FILLED) is S.FILLED


@pytest.mark.parametrize("state", S)
def test_part_filled_never_hides_that_more_may_fill(state: OrderState) -> None:
    new = after(state, T.PART_FILLED)

    assert new is not S.FILLED or state is S.FILLED
    if state in LIVE_STATES:
        assert new in LIVE_STATES


@pytest.mark.parametrize("state", S)
def test_lost_touch_never_ends_an_order_and_never_revives_one(state: OrderState) -> None:
    new = after(state, T.LOST_TOUCH)

    assert new is (S.UNKNOWN if state in LIVE_STATES else state)


@pytest.mark.parametrize("trigger", [trigger for trigger in T if trigger not in ENDINGS])
def test_only_triggers_that_name_an_end_end_an_order(trigger: Trigger) -> None:
    assert {after(state, trigger) for state in LIVE_STATES} <= LIVE_STATES


@pytest.mark.parametrize(("trigger", "end"), ENDINGS.items())
def test_an_end_is_the_one_that_its_trigger_names(trigger: Trigger, end: OrderState) -> None:
    reached = {after(state, trigger) for state in LIVE_STATES} - LIVE_STATES

    assert reached == {end}


def test_only_the_unknown_is_presumed_away() -> None:
    assert [state for state in S if transition(state, T.PRESUMED) is not None] == [S.UNKNOWN]


def test_certainly_unsent_is_believed_only_before_the_broker_spoke() -> None:
    believed = {state for state in S if transition(state, T.NOT_SENT) is S.DENIED}

    assert believed == {S.INTENT, S.UNKNOWN, S.DENIED}


def test_unknown_is_reachable_from_every_live_state_and_left_by_every_kind_of_evidence() -> None:
    evidence = {T.ACCEPTED, T.HELD, T.FILLED, T.CANCELLED, T.REJECTED, T.EXPIRED}

    assert all(transition(S.UNKNOWN, trigger) not in (None, S.UNKNOWN) for trigger in evidence)


def test_nothing_leads_back_to_before_it_was_sent() -> None:
    assert S.INTENT not in TRANSITIONS.values()
    assert {pair for pair, new in TRANSITIONS.items() if new is S.SENT} == {(S.INTENT, T.SENT)}


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in PAIRS if pair not in TRANSITIONS])
def test_pair_without_a_row_says_so(state: OrderState, trigger: Trigger) -> None:
    assert transition(state, trigger) is None


class Model:
    """What a person would say of the order, from what they heard."""

    QUANTITY = 5

    def __init__(self) -> None:
        self.state = S.INTENT
        self.filled = 0

    def hear(self, event: Trigger | int) -> Trigger:
        """One event: a trigger, or a fill of so many units. Moves by the table; returns the trigger that it was."""
        if isinstance(event, int):
            self.filled = min(self.QUANTITY, self.filled + event)
            event = T.FILLED if self.filled == self.QUANTITY else T.PART_FILLED
        self.state = after(self.state, event)
        return event


events = st.one_of(st.sampled_from(sorted(set(T) - FILLS)), st.integers(1, 3))


@given(st.lists(events, max_size=30))
def test_any_sequence_of_news_keeps_the_promises(news: list[Trigger | int]) -> None:
    model = Model()
    for event in news:
        before, filled = model.state, model.filled
        trigger = model.hear(event)
        new = model.state
        if filled == model.QUANTITY:
            assert new is S.FILLED, "nothing takes a whole fill back"
        if before in TERMINAL_STATES and new is not before:
            assert LATE_EVIDENCE[before, trigger] is new
        if trigger is T.LOST_TOUCH:
            assert (new in TERMINAL_STATES) == (before in TERMINAL_STATES)
        if new in TERMINAL_STATES and before in LIVE_STATES:
            assert ENDINGS[trigger] is new
    if model.filled == model.QUANTITY:
        assert model.state is S.FILLED
    else:
        assert model.state is not S.FILLED


@given(st.lists(events, max_size=20), st.lists(st.sampled_from([T.ACCEPTED, T.HELD, T.SENT, T.REJECTED]), max_size=5))
def test_lower_evidence_never_undoes_a_cancel(news: list[Trigger | int], stragglers: list[Trigger]) -> None:
    model = Model()
    for event in [*news, T.CANCELLED]:
        model.hear(event)
    ended = model.state
    for straggler in stragglers:
        model.hear(straggler)

    assert ended not in LIVE_STATES
    if ended in (S.CANCELLED, S.FILLED, S.EXPIRED):
        assert model.state is ended
