"""Which positions are behind the fills that were heard."""

from __future__ import annotations

from core.domain.executions import Execution
from core.execution.unseen_fills import AHEAD_SECONDS, UnseenFills
from tests.execution.reports import AAPL, ACCOUNT, D, filled

CON_ID = AAPL.con_id


def fill(quantity: str, number: int = 1, revision: int = 1) -> Execution:
    """A buy."""
    return filled(f"0001.{number:02}.{revision:02}", quantity).execution


def test_a_position_is_behind_until_all_its_fills_are_in_it() -> None:
    fills = UnseenFills()
    fills.heard(fill("40"), D(100), 0.0)
    fills.heard(fill("60", 2), D(100), 0.0)
    fills.told(ACCOUNT, CON_ID, D(100), D(140), 0.0)
    assert fills.concern(ACCOUNT, CON_ID)
    assert not fills.concern("DU7", CON_ID)
    fills.told(ACCOUNT, CON_ID, D(140), D(200), 0.0)
    assert not fills.concern(ACCOUNT, CON_ID)


def test_a_correction_moves_nothing() -> None:
    fills = UnseenFills()
    fills.heard(fill("40", revision=2), D(100), 0.0)
    assert not fills.concern(ACCOUNT, CON_ID)


def test_a_reading_ends_what_was_there_before_it_and_nothing_that_came_meanwhile() -> None:
    fills = UnseenFills()
    fills.heard(fill("40"), D(100), 0.0)
    fills.begin_reading()
    fills.finish_reading()
    assert not fills.concern(ACCOUNT, CON_ID)

    fills.begin_reading()
    fills.heard(fill("40", 2), D(140), 0.0)
    fills.finish_reading()
    assert fills.concern(ACCOUNT, CON_ID)
    fills.begin_reading()
    fills.told(ACCOUNT, CON_ID, D(140), D(180), 0.0)
    fills.finish_reading()
    assert not fills.concern(ACCOUNT, CON_ID)


def test_a_position_may_come_before_its_fills() -> None:
    fills = UnseenFills()
    fills.told(ACCOUNT, CON_ID, D(100), D(200), 0.0)
    fills.heard(fill("40"), D(200), 1.0)
    fills.heard(fill("60", 2), D(200), 2.0)
    assert not fills.concern(ACCOUNT, CON_ID)
    fills.heard(fill("1", 3), D(200), 2.0)
    assert fills.concern(ACCOUNT, CON_ID)


def test_a_change_of_the_position_long_ago_stands_for_no_fill_of_now() -> None:
    fills = UnseenFills()
    fills.told(ACCOUNT, CON_ID, D(100), D(200), 0.0)
    fills.heard(fill("40"), D(200), AHEAD_SECONDS + 1)
    assert fills.concern(ACCOUNT, CON_ID)


def test_what_a_reading_tells_is_no_sign_of_a_fill() -> None:
    fills = UnseenFills()
    fills.begin_reading()
    fills.told(ACCOUNT, CON_ID, D(0), D(40), 0.0)
    fills.abandon_reading()
    fills.heard(fill("40"), D(40), 1.0)
    assert fills.concern(ACCOUNT, CON_ID)
