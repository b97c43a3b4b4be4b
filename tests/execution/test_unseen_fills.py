"""Which positions are behind the fills that were heard."""

from __future__ import annotations

from core.domain.executions import Execution
from core.execution.unseen_fills import UnseenFills
from tests.execution.reports import AAPL, ACCOUNT, D, filled

CON_ID = AAPL.con_id


def fill(quantity: str, number: int = 1, revision: int = 1) -> Execution:
    """A buy."""
    return filled(f"0001.{number:02}.{revision:02}", quantity).execution


def test_a_position_is_behind_until_all_its_fills_are_in_it() -> None:
    fills = UnseenFills()
    fills.heard(fill("40"), D(100))
    fills.heard(fill("60", 2), D(100))
    fills.told(ACCOUNT, CON_ID, D(140))
    assert fills.concern(ACCOUNT, CON_ID)
    assert not fills.concern("DU7", CON_ID)
    fills.told(ACCOUNT, CON_ID, D(200))
    assert not fills.concern(ACCOUNT, CON_ID)


def test_a_correction_moves_nothing() -> None:
    fills = UnseenFills()
    fills.heard(fill("40", revision=2), D(100))
    assert not fills.concern(ACCOUNT, CON_ID)


def test_a_reading_ends_what_was_there_before_it_and_nothing_that_came_meanwhile() -> None:
    fills = UnseenFills()
    fills.heard(fill("40"), D(100))
    fills.begin_reading()
    fills.finish_reading()
    assert not fills.concern(ACCOUNT, CON_ID)

    fills.begin_reading()
    fills.heard(fill("40", 2), D(140))
    fills.finish_reading()
    assert fills.concern(ACCOUNT, CON_ID)
    fills.begin_reading()
    fills.told(ACCOUNT, CON_ID, D(180))
    fills.finish_reading()
    assert not fills.concern(ACCOUNT, CON_ID)
