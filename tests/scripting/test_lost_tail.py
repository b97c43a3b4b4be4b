"""A core that is killed before the last facts that it told were on the disk: their numbers come again."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core import Desk
from core.domain.stages import Stages
from core.scripting.reports import Change, report_of
from tests.desk_home import DeskHome
from tests.journal.values import order as some_order
from tests.processes.gateway import running_gateway
from tests.processes.orders import journal_of
from tests.scripting.test_resilience import PATIENCE, core_pid, resting


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskHome]:
    """A home in which nothing runs yet."""
    with DeskHome() as home:
        for name, value in home.env.items():
            monkeypatch.setenv(name, value)
        yield home


@pytest.mark.covers("D0.3", "D1.8")
async def test_polls_go_on_over_numbers_that_come_again(home: DeskHome) -> None:
    """Nothing that the next core says is left out."""
    async with running_gateway(home) as port, Desk("paper", port=port, name="first") as first:
        order = await resting(first, 3)
        before = await first.poll_reports()
        os.kill(core_pid(home), signal.SIGKILL)
        assert await first.until(lambda: not first.is_connected(), PATIENCE)
        forget_all_behind_the_intent(journal_of(home, "paper"), order.order_ref)

        async with Desk("paper", port=port, name="second") as second:
            assert await first.until(first.is_connected, PATIENCE)
            assert await second.cancel(order.order_ref)
            assert await first.until(lambda: not first.order(order.order_ref).is_live, PATIENCE)
            after = await first.poll_reports()
            assert await first.poll_reports() == []
            whole = await second.poll_reports(before[0].number - 1)

    assert before[0].order_ref == order.order_ref
    assert [one.report_id for one in after] == [one.report_id for one in whole[1:]]
    assert after[0].number <= before[-1].number


def test_another_event_under_the_same_number_is_another_report() -> None:
    told = [report_of("I", Change(9, order, Stages()), ()) for order in (some_order(1), some_order(2), some_order(1))]
    assert told[0].report_id == told[2].report_id != told[1].report_id


def forget_all_behind_the_intent(journal: Path, order_ref: str) -> None:
    """As if the machine had lost its power: what is not an intent need not be on the disk yet."""
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        ((ddl,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'event_loses_no_row'").fetchall()
        connection.execute("DROP TRIGGER event_loses_no_row")
        connection.execute(
            "DELETE FROM event WHERE seq > (SELECT seq FROM event WHERE kind = 'intent' AND order_ref = ?)",
            (order_ref,),
        )
        connection.execute(ddl)
