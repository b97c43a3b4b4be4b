"""Requests for bars that come too fast for a real gateway."""

from __future__ import annotations

import pytest

from core.practice import tables_in as ask
from core.practice.history_pacing import HistoryRate
from core.practice.options import GatewayOptions
from core.practice.server import PracticeGateway
from core.practice.tables import Record
from core.practice.terms import RefusedError
from tests.practice.raw_client import AAPL, RawClient


def bars(con_id: int = 1, what: str = "TRADES", end: str = "") -> Record:
    """Return a request for bars."""
    return Record(conId=con_id, whatToShow=what, end=end, barSize="1 min", duration="1 D")


def refused(rate: HistoryRate, now: float, request: Record) -> bool:
    """Whether a request comes too soon."""
    try:
        rate.note(now, request)
    except RefusedError:
        return True
    return False


def test_the_same_request_waits_fifteen_seconds() -> None:
    rate = HistoryRate()

    assert [refused(rate, now, bars()) for now in (0, 14, 28.9, 44)] == [False, True, True, False]


def test_six_of_one_contract_in_two_seconds_are_too_many() -> None:
    rate = HistoryRate()
    quick = [refused(rate, number / 10, bars(end=str(number))) for number in range(6)]

    assert quick == [False] * 5 + [True]
    assert not refused(rate, 1, bars(2))


@pytest.mark.parametrize(("what", "most"), [("TRADES", 60), ("BID_ASK", 30)])
def test_sixty_in_ten_minutes_are_the_most(what: str, most: int) -> None:
    rate = HistoryRate()
    found = [refused(rate, number * 5, bars(number, what)) for number in range(most + 1)]

    assert found == [False] * most + [True]
    assert not refused(rate, 5 * most + 600, bars(0, what))


async def test_a_paced_gateway_refuses_what_comes_too_soon() -> None:
    async with PracticeGateway(GatewayOptions(seed=7, pacing=50)) as gateway:
        client = await RawClient.connect(gateway.port)
        asked = {**AAPL, "barSize": "1 day", "duration": "1 M", "whatToShow": "TRADES", "formatDate": 1}
        client.ask(ask.HISTORICAL_DATA, **asked, reqId=5)
        await client.wait_for("historicalData")
        client.ask(ask.HISTORICAL_DATA, **asked, reqId=6)
        error = await client.wait_for("error", lambda error: error.integer("reqId") == 6)
        await client.close()

    assert (error["code"], "pacing violation" in error.text("text")) == (162, True)
