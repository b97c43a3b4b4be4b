"""Rule 9: cancel means entries, and its ticket says how far it reaches."""

from __future__ import annotations

from dataclasses import replace

from core.domain.commands import CancelEntries, Cancelled, CancelOrder
from tests.tui.sample import AAPL, INSTRUMENTS, ORDERS, SPY
from tui.hands.cancel_ticket import Scope, cancel_answer, open_cancel, order_words, reached, widen
from tui.hands.ticket import Phase

APPLE = INSTRUMENTS[0]
LIVE = [order for order in ORDERS if order.is_live]
TARGET = next(order for order in LIVE if order.number == 4)
FOREIGN = next(order for order in LIVE if order.external)


def test_rule_9_cancel_asks_for_entries_of_the_instrument() -> None:
    ticket = open_cancel(APPLE, None)

    assert ticket.scope is Scope.HERE
    assert ticket.command == CancelEntries(con_id=AAPL)
    assert ticket.words == "CANCEL entries in AAPL"


def test_a_selected_order_comes_first() -> None:
    ticket = open_cancel(APPLE, TARGET)

    assert ticket.command == CancelOrder(order_ref=TARGET.order_ref)
    assert ticket.words == "CANCEL #4 SELL 100 AAPL @ 236.00"


def test_widening_goes_round_and_changes_what_is_sent() -> None:
    steps = [open_cancel(APPLE, TARGET)]
    for _ in range(3):
        steps.append(widen(steps[-1]))

    assert [step.scope for step in steps] == [Scope.ORDER, Scope.HERE, Scope.MINE, Scope.ORDER]
    assert steps[2].command == CancelEntries(con_id=None)
    assert len({step.content for step in steps[:3]}) == 3


def test_without_an_instrument_only_everything_is_left() -> None:
    assert open_cancel(None, None).scopes == (Scope.MINE,)


def test_nothing_changes_while_it_is_sent() -> None:
    ticket = replace(open_cancel(APPLE, None), phase=Phase.SENDING)

    assert widen(ticket) == ticket


def test_orders_of_others_are_not_reached() -> None:
    here = reached(open_cancel(APPLE, None), LIVE)
    mine = reached(widen(open_cancel(APPLE, None)), LIVE)

    assert here == [TARGET]
    assert {order.con_id for order in mine} == {AAPL, SPY}
    assert FOREIGN not in mine


def test_an_order_of_another_client_is_named_so() -> None:
    assert order_words(FOREIGN) == "EXT SELL 100 AAPL STP"


def test_the_answer_says_what_was_asked_for_and_what_stays() -> None:
    ticket = open_cancel(APPLE, None)

    assert cancel_answer(ticket, Cancelled(asked=("a", "b"), kept=())) == "Cancel sent for 2 entry orders in AAPL."
    assert "1 order stays: it protects a position" in cancel_answer(ticket, Cancelled(asked=("a",), kept=("b",)))
    assert "2 orders stay" in cancel_answer(ticket, Cancelled(asked=(), kept=("a", "b")))
    assert cancel_answer(ticket, Cancelled(asked=(), kept=())).startswith("No entry order")
    assert "all symbols" in cancel_answer(widen(ticket), Cancelled(asked=("a",), kept=()))
