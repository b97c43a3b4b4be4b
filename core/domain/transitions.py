"""The one table that says how an order's state may change."""

from __future__ import annotations

from enum import StrEnum

from core.domain.orders import OrderState


class Trigger(StrEnum):
    """What was learnt about an order."""

    SENT = "SENT"
    """The whole frame is in the kernel."""
    NOT_SENT = "NOT_SENT"
    """The frame certainly never left: the connection was gone before its first byte."""
    ACCEPTED = "ACCEPTED"
    """An open order or a live status (PendingSubmit, PreSubmitted, Submitted, PendingCancel)."""
    HELD = "HELD"
    """Status Inactive without a refusal, or a hold that the broker names."""
    PART_FILLED = "PART_FILLED"
    """Executions sum to less than the quantity."""
    FILLED = "FILLED"
    """Executions sum to the quantity or more."""
    CANCELLED = "CANCELLED"
    """A terminal status, a completed order or code 202."""
    REJECTED = "REJECTED"
    """A refusal of a new order."""
    EXPIRED = "EXPIRED"
    LOST_TOUCH = "LOST_TOUCH"
    """The link to the broker broke, an answer is overdue, or core restarted."""
    PRESUMED = "PRESUMED"
    """The trader's word, after two full checks found nothing."""


_S = OrderState
_T = Trigger

TRANSITIONS: dict[tuple[OrderState, Trigger], OrderState] = {
    (_S.INTENT, _T.SENT): _S.SENT,
    (_S.INTENT, _T.NOT_SENT): _S.DENIED,
    # The first callback can overtake the notice that the kernel took the frame.
    (_S.INTENT, _T.ACCEPTED): _S.WORKING,
    (_S.INTENT, _T.HELD): _S.HELD,
    (_S.INTENT, _T.PART_FILLED): _S.WORKING,
    (_S.INTENT, _T.FILLED): _S.FILLED,
    (_S.INTENT, _T.CANCELLED): _S.CANCELLED,
    (_S.INTENT, _T.REJECTED): _S.REJECTED,
    (_S.INTENT, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.SENT, _T.ACCEPTED): _S.WORKING,
    (_S.SENT, _T.HELD): _S.HELD,
    (_S.SENT, _T.PART_FILLED): _S.WORKING,
    (_S.SENT, _T.FILLED): _S.FILLED,
    (_S.SENT, _T.CANCELLED): _S.CANCELLED,
    (_S.SENT, _T.REJECTED): _S.REJECTED,
    (_S.SENT, _T.EXPIRED): _S.EXPIRED,
    (_S.SENT, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.WORKING, _T.ACCEPTED): _S.WORKING,
    (_S.WORKING, _T.SENT): _S.WORKING,
    (_S.WORKING, _T.HELD): _S.HELD,
    (_S.WORKING, _T.PART_FILLED): _S.WORKING,
    (_S.WORKING, _T.FILLED): _S.FILLED,
    (_S.WORKING, _T.CANCELLED): _S.CANCELLED,
    # A venue can refuse what IBKR had accepted.
    (_S.WORKING, _T.REJECTED): _S.REJECTED,
    (_S.WORKING, _T.EXPIRED): _S.EXPIRED,
    (_S.WORKING, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.HELD, _T.ACCEPTED): _S.WORKING,
    (_S.HELD, _T.SENT): _S.HELD,
    (_S.HELD, _T.HELD): _S.HELD,
    (_S.HELD, _T.PART_FILLED): _S.WORKING,
    (_S.HELD, _T.FILLED): _S.FILLED,
    (_S.HELD, _T.CANCELLED): _S.CANCELLED,
    (_S.HELD, _T.REJECTED): _S.REJECTED,
    (_S.HELD, _T.EXPIRED): _S.EXPIRED,
    (_S.HELD, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.UNKNOWN, _T.SENT): _S.UNKNOWN,
    # The sender is certain that no byte left, whatever the doubt elsewhere.
    (_S.UNKNOWN, _T.NOT_SENT): _S.DENIED,
    (_S.UNKNOWN, _T.ACCEPTED): _S.WORKING,
    (_S.UNKNOWN, _T.HELD): _S.HELD,
    # Parts filled prove that it existed, not that the rest still works.
    (_S.UNKNOWN, _T.PART_FILLED): _S.UNKNOWN,
    (_S.UNKNOWN, _T.FILLED): _S.FILLED,
    (_S.UNKNOWN, _T.CANCELLED): _S.CANCELLED,
    (_S.UNKNOWN, _T.REJECTED): _S.REJECTED,
    (_S.UNKNOWN, _T.EXPIRED): _S.EXPIRED,
    (_S.UNKNOWN, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.UNKNOWN, _T.PRESUMED): _S.PRESUMED_NOT_PLACED,
    # Real world: a fill that was on its way when the cancel, refusal or expiry was reported. A late fill always wins.
    (_S.CANCELLED, _T.FILLED): _S.FILLED,
    (_S.CANCELLED, _T.PART_FILLED): _S.CANCELLED,
    (_S.CANCELLED, _T.CANCELLED): _S.CANCELLED,
    (_S.CANCELLED, _T.LOST_TOUCH): _S.CANCELLED,
    (_S.REJECTED, _T.FILLED): _S.FILLED,
    # Filled in part although refused: what of the rest lives is not known.
    (_S.REJECTED, _T.PART_FILLED): _S.UNKNOWN,
    # The broker lists as open what an error code had ended: the code was misread, or the list is old. The books decide.
    (_S.REJECTED, _T.ACCEPTED): _S.UNKNOWN,
    (_S.REJECTED, _T.REJECTED): _S.REJECTED,
    # IBKR follows a refusal (201) with status Inactive or Cancelled for the same order.
    (_S.REJECTED, _T.CANCELLED): _S.REJECTED,
    (_S.REJECTED, _T.HELD): _S.REJECTED,
    (_S.REJECTED, _T.LOST_TOUCH): _S.REJECTED,
    (_S.EXPIRED, _T.FILLED): _S.FILLED,
    (_S.EXPIRED, _T.PART_FILLED): _S.EXPIRED,
    (_S.EXPIRED, _T.CANCELLED): _S.EXPIRED,
    (_S.EXPIRED, _T.EXPIRED): _S.EXPIRED,
    (_S.EXPIRED, _T.LOST_TOUCH): _S.EXPIRED,
    (_S.FILLED, _T.FILLED): _S.FILLED,
    (_S.FILLED, _T.LOST_TOUCH): _S.FILLED,
    # Duplicates and stragglers: a late live status after the last fill is common.
    (_S.FILLED, _T.ACCEPTED): _S.FILLED,
    (_S.FILLED, _T.SENT): _S.FILLED,
    (_S.FILLED, _T.CANCELLED): _S.FILLED,
    # It was placed after all.
    (_S.PRESUMED_NOT_PLACED, _T.ACCEPTED): _S.WORKING,
    (_S.PRESUMED_NOT_PLACED, _T.HELD): _S.HELD,
    (_S.PRESUMED_NOT_PLACED, _T.PART_FILLED): _S.UNKNOWN,
    (_S.PRESUMED_NOT_PLACED, _T.FILLED): _S.FILLED,
    (_S.PRESUMED_NOT_PLACED, _T.CANCELLED): _S.CANCELLED,
    (_S.PRESUMED_NOT_PLACED, _T.LOST_TOUCH): _S.PRESUMED_NOT_PLACED,
    # Never sent, as far as our side could tell; what the broker shows outranks that.
    (_S.DENIED, _T.NOT_SENT): _S.DENIED,
    (_S.DENIED, _T.ACCEPTED): _S.WORKING,
    (_S.DENIED, _T.HELD): _S.HELD,
    (_S.DENIED, _T.PART_FILLED): _S.UNKNOWN,
    (_S.DENIED, _T.FILLED): _S.FILLED,
    (_S.DENIED, _T.CANCELLED): _S.CANCELLED,
    (_S.DENIED, _T.LOST_TOUCH): _S.DENIED,
}
"""The whole life of an order. A pair that is missing changes nothing and is raised as an incident."""


def transition(state: OrderState, trigger: Trigger) -> OrderState | None:
    """The state after `trigger`, or None where the table has no row: then the state stays and a person is told."""
    return TRANSITIONS.get((state, trigger))
