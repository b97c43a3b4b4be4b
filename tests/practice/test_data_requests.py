"""Depth on the wire: the same book for clients that keep rows in a list and for those that keep them by position."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.practice import tables_in as ask
from core.practice.tables import Message, Record
from tests.practice.conftest import Connect
from tests.practice.raw_client import AAPL, RawClient

Row = tuple[str, Decimal | None, Decimal | None]
MESSAGES = 80


async def read_book(client: RawClient, name: str) -> tuple[dict[int, list[Row]], dict[int, dict[int, Row]]]:
    """Return both kinds of book, asks under 0 and bids under 1, after many messages."""
    lists: dict[int, list[Row]] = {0: [], 1: []}
    places: dict[int, dict[int, Row]] = {0: {}, 1: {}}
    for _ in range(MESSAGES):
        change = await client.wait_for(name)
        side, place = change.integer("side"), change.integer("position")
        row = change.text("maker"), change.number("price"), change.number("size")
        rows = lists[side]
        match change.integer("operation"):
            case 0:
                rows.insert(place, row)
                places[side][place] = row
            case 1:
                assert place < len(rows)
                rows[place] = places[side][place] = row
            case _:
                del rows[place]
                del places[side][place]
    return lists, places


@pytest.mark.parametrize(
    ("contract", "smart", "name"),
    [
        (AAPL, True, "marketDepthL2"),
        (Record(AAPL, exchange="NASDAQ"), False, "marketDepthL2"),
        (Record(AAPL, exchange="ARCA"), False, "marketDepth"),
    ],
    ids=["smart", "makers", "plain"],
)
async def test_both_kinds_of_client_have_the_same_book(
    connect: Connect, contract: Record, smart: bool, name: str
) -> None:
    client = await connect()
    client.ask(ask.DEPTH, **{**contract, "reqId": 5, "rows": 6, "smart": smart})
    lists, places = await read_book(client, name)

    for side in (0, 1):
        assert dict(enumerate(lists[side])) == places[side]
        assert 0 < len(lists[side]) <= 6
    assert all(bool(maker) == (name == "marketDepthL2") for rows in lists.values() for maker, _, _ in rows)


async def test_depth_ends_with_its_cancel_and_is_limited(connect: Connect) -> None:
    client = await connect()
    for request_id in (1, 2, 3, 4):
        client.ask(ask.DEPTH, **{**AAPL, "reqId": request_id, "rows": 5, "smart": True})
    assert (await client.wait_for("error", lambda error: error.integer("reqId") == 4)).integer("code") == 309
    client.ask(ask.DEPTH, **{**AAPL, "reqId": 1, "rows": 5, "smart": True})
    assert (await client.wait_for("error", lambda error: error.integer("reqId") == 1)).integer("code") == 102
    client.ask(ask.CANCEL_DEPTH, reqId=1, smart=True)
    client.ask(ask.CANCEL_DEPTH, reqId=1, smart=True)
    assert (await client.wait_for("error", lambda error: error.integer("reqId") == 1)).integer("code") == 310


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"rows": 0}, 321),
        ({"smart": False}, 10092),
        ({"conId": 4}, 200),
        ({"exchange": "LSE"}, 200),
    ],
    ids=str,
)
async def test_depth_that_makes_no_sense_is_refused(
    connect: Connect, values: dict[str, int | bool | str], code: int
) -> None:
    client = await connect()
    client.ask(ask.DEPTH, **{**AAPL, "reqId": 5, "rows": 5, "smart": True, **values})

    assert (await client.wait_for("error", lambda error: error.integer("reqId") == 5)).integer("code") == code


@pytest.mark.parametrize(
    ("message", "values", "code"),
    [
        (ask.TICK_BY_TICK, {"tickType": "Everything"}, 321),
        (ask.TICK_BY_TICK, {"tickType": "Last", "conId": 12087792, "exchange": "IDEALPRO"}, 10189),
        (ask.REALTIME_BARS, {"barSize": 60, "whatToShow": "TRADES"}, 321),
        (ask.REALTIME_BARS, {"barSize": 5, "whatToShow": "WEATHER"}, 420),
        (ask.MARKET_DATA_TYPE, {"marketDataType": 7}, 321),
        (ask.SMART_COMPONENTS, {"bboExchange": "zz"}, 10176),
        (ask.CANCEL_TICK_BY_TICK, {}, 300),
        (ask.CANCEL_REALTIME_BARS, {}, 300),
        (ask.CANCEL_SCANNER, {}, 365),
        (ask.NEWS_ARTICLE, {"provider": "PRN", "article": "PRN$1-1-1"}, 10172),
        (ask.NEWS_ARTICLE, {"provider": "ZZZ", "article": "PRN$1-1-1"}, 321),
        (ask.HISTORICAL_NEWS, {"count": 0}, 321),
        (ask.HISTORICAL_NEWS, {"count": 5, "providers": "ZZZ"}, 321),
        (ask.HISTORICAL_NEWS, {"count": 5, "conId": 4}, 200),
        (ask.HISTORICAL_NEWS, {"count": 5, "start": "yesterday"}, 321),
    ],
    ids=str,
)
async def test_data_that_makes_no_sense_is_refused(
    connect: Connect, message: Message, values: dict[str, int | str], code: int
) -> None:
    client = await connect()
    client.ask(message, **{**AAPL, "reqId": 5, **values})

    refused = await client.wait_for("error", lambda error: error.integer("code") not in {2104, 2106, 2158})
    assert refused.integer("code") == code
    assert refused.integer("reqId") == (-1 if message is ask.MARKET_DATA_TYPE else 5)


async def test_balances_alone_are_sent_to_those_who_asked_for_them(connect: Connect) -> None:
    client = await connect()
    tags: dict[int, set[str]] = {}
    for request_id, alone in ((1, False), (2, True)):
        client.ask(ask.ACCOUNT_MULTI, reqId=request_id, account="DU1234567", ledgerAndNlv=alone)
        await client.wait_for("accountUpdateMultiEnd")
        heard = (record for message, record in client.heard if message.name == "accountUpdateMulti")
        tags[request_id] = {record.text("tag") for record in heard if record["reqId"] == request_id}

    assert tags[2] < tags[1]
    assert "NetLiquidationByCurrency" in tags[2]
    assert "BuyingPower" not in tags[2]
