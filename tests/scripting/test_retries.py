"""The pauses of the retry policy, and what is never asked of it."""

from __future__ import annotations

import pytest

from core.domain.denials import Denial, DenialCode
from core.errors import LiveGuardError, NotConnectedError, OrderValueError, RiskCheckError, UnknownOrderError
from core.link.scripts import NEVER_BEGUN
from core.scripting.refusals import error_of
from core.scripting.retries import Backoff, NoRetries

AWAY = Denial(code=DenialCode.NOT_CONNECTED, message="No connection.")


def pauses(policy: Backoff) -> list[float | None]:
    return [policy.pause(AWAY, attempt) for attempt in range(1, 6)]


@pytest.mark.covers("D2.3")
def test_one_two_four_seconds_then_it_gives_up() -> None:
    assert pauses(Backoff()) == [1.0, 2.0, 4.0, None, None]
    assert pauses(Backoff(max_retries=2, initial_delay=0.5, factor=3)) == [0.5, 1.5, None, None, None]
    assert NoRetries().pause(AWAY, 1) is None


@pytest.mark.covers("D2.3")
def test_a_policy_may_give_up_sooner() -> None:
    class Never(Backoff):
        def should_retry(self, denial: Denial) -> bool:
            return denial.code is not DenialCode.NOT_CONNECTED

    assert Never().pause(AWAY, 1) is None
    assert Never().pause(Denial(code=DenialCode.JOURNAL_BUSY, message=""), 1) == 1.0


@pytest.mark.covers("D2.3")
@pytest.mark.parametrize(
    "code", [DenialCode.MARGIN, DenialCode.UNKNOWN_INSTRUMENT, DenialCode.DUPLICATE, DenialCode.RISK]
)
def test_funds_contracts_and_controls_are_never_a_matter_of_retries(code: DenialCode) -> None:
    assert code not in NEVER_BEGUN


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (DenialCode.NOT_CONNECTED, NotConnectedError),
        (DenialCode.NOT_RECONCILED, ConnectionError),
        (DenialCode.LIVE_NOT_CONFIRMED, LiveGuardError),
        (DenialCode.TICK, OrderValueError),
        (DenialCode.UNKNOWN_INSTRUMENT, ValueError),
        (DenialCode.UNKNOWN_ORDER, UnknownOrderError),
        (DenialCode.QUANTITY_MAX, RiskCheckError),
        (DenialCode.HALTED, RiskCheckError),
    ],
)
def test_each_refusal_is_the_error_that_scripts_catch(code: DenialCode, kind: type[Exception]) -> None:
    error = error_of(Denial(code=code, message="why", limit="order_quantity"))
    assert isinstance(error, kind)
    assert str(error) == "why"
    if isinstance(error, RiskCheckError):
        assert (error.code, error.limit) == (code, "order_quantity")
