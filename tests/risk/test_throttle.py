"""Control 6: what would wait too long for its turn on the wire is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.limits import Limits
from core.risk.behaviour import COMPUTED, PAST_KILL
from core.risk.circumstances import Circumstances
from core.risk.throttle import leaves_soon
from tests.execution.reports import buy

QUEUED = Circumstances(instrument=None, quote=None, accounts=(), limits=Limits(queue_seconds=Decimal("2.5")))


@pytest.mark.parametrize("seconds", [0.0, 2.4, 2.5])
def test_a_short_wait_passes(seconds: float) -> None:
    assert leaves_soon(buy(), replace(QUEUED, queue_wait=seconds)) is None


@pytest.mark.parametrize("seconds", [2.5001, 60.0])
def test_a_long_one_is_refused_with_its_figures(seconds: float) -> None:
    denial = leaves_soon(buy(), replace(QUEUED, queue_wait=seconds))

    assert denial is not None
    assert (denial.code, denial.limit) == (DenialCode.THROTTLED, "queue_seconds")
    assert f"leave in {seconds:.1f} s; your limit is 2.5 s" in denial.message


def test_what_closes_past_kill_waits_for_its_turn() -> None:
    around = replace(QUEUED, queue_wait=60.0)

    assert leaves_soon(buy(), replace(around, asked=PAST_KILL)) is None
    assert leaves_soon(buy(), replace(around, asked=COMPUTED)) is not None
