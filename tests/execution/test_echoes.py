"""A reading of the books that brings nothing new leaves nothing in the journal."""

from __future__ import annotations

from msgspec.structs import replace

from core.domain.entries import Heard
from core.domain.reports import ExecutionReport, OpenOrderReport
from core.execution.echoes import Echoes
from tests.execution.clockwork import jumping
from tests.execution.reports import commission, completed, filled, open_order, position, status
from tests.execution.rig import Rig, rig


def heard(desk: Rig) -> int:
    """Reports in the journal."""
    return sum(isinstance(row, Heard) for row in desk.journal.rows)


@jumping
async def test_an_hour_of_readings_writes_down_each_word_once() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="40"), commission())
        desk.broker.book_positions = [position("40")]
        desk.broker.book_open = [open_order()]
        desk.broker.book_executions = [filled(quantity="40", live=False)]
        desk.broker.book_completed = [completed("older", perm_id=5)]
        await desk.pass_time(61)
        before, rows, readings = heard(desk), len(desk.journal.rows), desk.broker.readings

        await desk.pass_time(3600)

        assert desk.broker.readings >= readings + 59
        assert (heard(desk), len(desk.journal.rows)) == (before, rows)
        kinds = [type(row.report) for row in desk.journal.rows if isinstance(row, Heard)]
        assert (kinds.count(ExecutionReport), kinds.count(OpenOrderReport)) == (1, 1)


def test_a_word_that_differs_is_no_echo_and_statuses_never_are() -> None:
    echoes = Echoes()

    assert [echoes.repeats(one) for one in (open_order(), open_order(), open_order(price="233.00"), open_order())] == [
        False,
        True,
        False,
        False,
    ]
    assert [echoes.repeats(one) for one in (filled(), filled(live=False), filled("0001.01.02"), filled(price="1"))] == [
        False,
        True,
        False,
        False,
    ]
    assert [echoes.repeats(one) for one in (commission(), commission(), commission(fee="2"))] == [False, True, False]
    assert [echoes.repeats(status(1)) for _ in range(2)] == [False, False]
    other = replace(completed(), status="Filled")
    assert [echoes.repeats(one) for one in (completed(), completed(), other)] == [False, True, False]
