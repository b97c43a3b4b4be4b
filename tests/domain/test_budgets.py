"""How much of a limit is used."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.budgets import Budget, Unit, tightest

D = Decimal


def budget(name: str, after: str | None, limit: str) -> Budget:
    known = None if after is None else D(after)
    return Budget(name=name, used=known, after=known, limit=D(limit), unit=Unit.ORDERS)


@pytest.mark.parametrize(("after", "limit", "share"), [("181", "200", "0.905"), ("0", "200", "0"), ("5", "0", "1")])
def test_the_share_that_is_used(after: str, limit: str, share: str) -> None:
    assert budget("day_orders", after, limit).share == D(share)


def test_what_nobody_knows_has_no_share() -> None:
    assert budget("day_loss", None, "100").share is None


def test_the_tightest_of_those_that_are_known() -> None:
    loose, tight, unknown = budget("a", "10", "100"), budget("b", "9", "10"), budget("c", None, "1")

    assert tightest((loose, unknown, tight)) is tight
    assert tightest((unknown,)) is None
