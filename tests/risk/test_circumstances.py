"""Which orders start to work later, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.instructions import Conditions, TimeCondition
from core.risk.circumstances import waits
from tests.risk.test_prices import AROUND, PLAIN

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SOON = Conditions(items=(TimeCondition(time=NOW + timedelta(hours=1)),))


@pytest.mark.parametrize(
    ("after", "now", "later"),
    [
        (None, NOW, False),
        (NOW - timedelta(seconds=1), NOW, False),
        (NOW, NOW, False),
        (NOW + timedelta(seconds=1), NOW, True),
        (NOW, None, True),
        (None, None, False),
    ],
)
def test_an_order_with_a_start_waits_until_then(after: datetime | None, now: datetime | None, later: bool) -> None:
    assert waits(replace(PLAIN, good_after=after), replace(AROUND, now=now)) is later


def test_an_order_waits_for_its_parent_and_for_conditions_that_start_it() -> None:
    assert waits(PLAIN, replace(AROUND, attached=True))
    assert waits(replace(PLAIN, conditions=SOON), AROUND)
    assert not waits(replace(PLAIN, conditions=replace(SOON, cancels=True)), AROUND)
    assert not waits(replace(PLAIN, quantity=Decimal(1)), AROUND)
