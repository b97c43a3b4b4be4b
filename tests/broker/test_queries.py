"""Questions to the gateway: complete answers, refusals, silence, two at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.domain.instruments import PriceBand, SecType, SymbolMatch
from core.domain.reports import (
    AccountValueReport,
    CommissionReport,
    ErrorReport,
    ExecutionReport,
    OpenOrderReport,
    OrderStatusReport,
    PositionReport,
)
from core.errors import BrokerError, NotConnectedError, RequestTimeoutError
from core.practice.tables import Record, Value
from core.practice.tables_order import COMPLETED_ORDER
from core.practice.tables_out import COMMISSION, CONTRACT_DETAILS, MARKET_RULE, POSITION, SYMBOL_SAMPLES
from tests.broker.frames import CONTRACT, ORDER, fill, order, status
from tests.broker.scripted import AAPL, Peer, connected, frame

IMPATIENT = 0.1

DETAILS: dict[str, Value] = CONTRACT | {
    "minTick": Decimal("0.01"),
    "orderTypes": "LMT,MKT",
    "validExchanges": "NYSE,SMART,IEX",
    "marketRuleIds": "26,239,26",
    "longName": "APPLE INC",
    "primaryExchange": "NASDAQ",
    "timeZoneId": "US/Eastern",
    "liquidHours": "20261120:0930-20261120:1600",
    "minSize": Decimal("0.0001"),
    "sizeIncrement": Decimal("0.0001"),
}
RULE: dict[str, Value] = {
    "ruleId": 239,
    "increments": [
        Record(lowEdge=Decimal(1), increment=Decimal("0.01")),
        Record(lowEdge=Decimal(0), increment=Decimal("0.0001")),
    ],
}


async def asked(peer: Peer, message_id: int, count: int = 1) -> list[str]:
    """The last message with this id, when `count` of them have come; it leaves the gateway's memory."""
    await peer.wait_for(lambda: len([fields for fields in peer.seen if fields[0] == str(message_id)]) >= count)
    return [fields for fields in peer.seen if fields[0] == str(message_id)][-1]


async def test_open_orders_are_answered_and_reported() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.open_orders())
        assert await asked(desk.peer, 16) == ["16", "1"]
        desk.peer.send(order(), status(), order(orderId=6, permId=78, clientId=3), frame(53, 1))
        answer = await asking

        assert [(report.order_id, report.client_id) for report in answer] == [(5, 7), (6, 3)]
        assert [type(report) for report in desk.ear.reports] == [OpenOrderReport, OrderStatusReport, OpenOrderReport]


async def test_no_open_orders_is_an_answer() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.open_orders())
        await asked(desk.peer, 16)
        desk.peer.send(frame(53, 1))

        assert list(await asking) == []


async def test_order_that_changes_meanwhile_is_in_the_answer_once_and_reported_each_time() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.open_orders())
        await asked(desk.peer, 16)
        desk.peer.send(order(), order(lmtPrice=Decimal(230)), frame(53, 1))
        (report,) = await asking

        assert report.limit_price == Decimal(230)
        assert len(desk.ear.reports) == 2


async def test_list_without_its_end_is_not_known_rather_than_empty() -> None:
    async with connected(query_deadline=IMPATIENT) as desk:
        asking = asyncio.create_task(desk.broker.open_orders())
        await asked(desk.peer, 16)
        desk.peer.send(order())
        with pytest.raises(RequestTimeoutError) as caught:
            await asking

        assert str(caught.value) == (
            "The gateway did not send the list of open orders within 0.1 s: the answer is unknown, not empty."
        )


async def test_end_of_an_overdue_list_does_not_end_the_next_one() -> None:
    async with connected(query_deadline=IMPATIENT) as desk:
        with pytest.raises(RequestTimeoutError):
            await desk.broker.open_orders()
        again = asyncio.create_task(desk.broker.open_orders())
        await asked(desk.peer, 16, count=2)
        desk.peer.send(order(orderId=6, permId=78), frame(53, 1), order(), order(orderId=6, permId=78), frame(53, 1))

        assert [report.order_id for report in await again] == [5, 6]


async def test_two_of_the_same_kind_wait_for_each_other() -> None:
    async with connected() as desk:
        both = [asyncio.create_task(desk.broker.positions()) for _ in range(2)]
        await asked(desk.peer, 61)
        desk.peer.send(POSITION.encode(CONTRACT | {"account": "DU1", "position": Decimal(1)}), frame(62, 1))
        await asked(desk.peer, 61, count=2)
        desk.peer.send(POSITION.encode(CONTRACT | {"account": "DU1", "position": Decimal(2)}), frame(62, 1))
        first, second = await asyncio.gather(*both)

        assert [report.quantity for report in (*first, *second)] == [Decimal(1), Decimal(2)]


async def test_different_questions_run_at_once() -> None:
    async with connected() as desk:
        orders = asyncio.create_task(desk.broker.open_orders())
        fills = asyncio.create_task(desk.broker.executions())
        done = asyncio.create_task(desk.broker.completed_orders())
        await asked(desk.peer, 16)
        await asked(desk.peer, 99)
        request_id = (await asked(desk.peer, 7))[2]
        desk.peer.send(
            fill(reqId=int(request_id)),
            COMMISSION.encode({"execId": "0000e0d5.67.01.01", "commission": Decimal(1), "currency": "USD"}),
            COMPLETED_ORDER.encode(ORDER | {"status": "Cancelled", "completedStatus": "Cancelled by Trader"}),
            fill(execId="0000e0d5.68.01.01"),
            frame(102),
            frame(55, 1, request_id),
            frame(53, 1),
        )

        assert list(await orders) == []
        assert [report.status_text for report in await done] == ["Cancelled by Trader"]
        (report,) = await fills
        assert not report.live
        live = [(type(one), getattr(one, "live", None)) for one in desk.ear.reports]
        assert live[:2] == [(ExecutionReport, False), (CommissionReport, None)]
        assert live[3] == (ExecutionReport, True)


async def test_positions_go_on_as_reports() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.positions())
        await asked(desk.peer, 61)
        desk.peer.send(frame(62, 1))
        assert list(await asking) == []
        desk.peer.send(POSITION.encode(CONTRACT | {"account": "DU1", "position": Decimal(3)}))
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))

        assert isinstance(desk.ear.reports[0], PositionReport)


async def test_account_is_watched_until_its_own_download_ends() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.watch_account("DU1234567"))
        assert await asked(desk.peer, 6) == ["6", "2", "1", "DU1234567"]
        desk.peer.send(frame(54, 1, "DU7654321"), frame(6, 2, "NetLiquidation", "1", "USD", "DU1234567"))
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))
        assert not asking.done()
        desk.peer.send(frame(54, 1, "DU1234567"))
        await asking


async def test_values_of_a_further_account_come_by_a_request_of_its_own() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.watch_values("DU7654321"))
        fields = await asked(desk.peer, 76)
        request_id = int(fields[2])
        assert fields == ["76", "1", str(request_id), "DU7654321", "", "0"]
        desk.peer.send(frame(73, 1, request_id, "DU7654321", "", "ExchangeRate", "1.09", "EUR"))
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))
        assert not asking.done()
        desk.peer.send(frame(74, 1, request_id))
        await asking
        desk.peer.send(frame(73, 1, request_id, "DU7654321", "", "CashBalance", "5\x1b", "EUR"))
        await desk.ear.wait_for(lambda: len(desk.ear.reports) == 2)

        assert desk.ear.reports == [
            AccountValueReport(account="DU7654321", tag="ExchangeRate", value="1.09", currency="EUR"),
            AccountValueReport(account="DU7654321", tag="CashBalance", value="5", currency="EUR"),
        ]


async def test_search() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.search("aap"))
        message = await asked(desk.peer, 81)
        assert message[2] == "aap"
        sample: dict[str, Value] = {
            "conId": 265598,
            "symbol": "AAPL",
            "secType": "STK",
            "primaryExchange": "NASDAQ",
            "currency": "USD",
            "derivatives": [Record(secType="OPT")],
            "description": "APPLE INC\x1b[0m",
        }
        odd: dict[str, Value] = {"conId": 1, "symbol": "X", "secType": "BOND", "currency": "EUR"}
        desk.peer.send(SYMBOL_SAMPLES.encode({"reqId": int(message[1]), "samples": [Record(sample), Record(odd)]}))

        assert list(await asking) == [
            SymbolMatch(
                con_id=265598,
                symbol="AAPL",
                sec_type=SecType.STK,
                primary_exchange="NASDAQ",
                currency="USD",
                name="APPLE INC",
            ),
            SymbolMatch(con_id=1, symbol="X", sec_type=SecType.OTHER, primary_exchange="", currency="EUR", name=""),
        ]


@pytest.mark.parametrize(("typed", "sent"), [("Nestlé", "Nestle"), ("a\x00b", "ab"), (" x ", "x")])
async def test_search_sends_only_what_the_wire_takes(typed: str, sent: str) -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.search(typed))
        message = await asked(desk.peer, 81)
        desk.peer.send(frame(79, message[1], 0))

        assert (len(message), message[2], list(await asking)) == (3, sent, [])


async def test_search_for_nothing_finds_nothing() -> None:
    async with connected() as desk:
        assert list(await desk.broker.search("日本")) == []


async def test_contract_comes_with_the_price_steps_of_its_route() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.qualify(AAPL.con_id))
        message = await asked(desk.peer, 9)
        assert message[3] == str(AAPL.con_id)
        request_id = int(message[2])
        nyse = CONTRACT_DETAILS.encode(DETAILS | {"reqId": request_id, "exchange": "NYSE"})
        smart = CONTRACT_DETAILS.encode(DETAILS | {"reqId": request_id})
        desk.peer.send(nyse, smart, frame(52, 1, request_id))
        assert await asked(desk.peer, 91) == ["91", "239"]
        desk.peer.send(MARKET_RULE.encode(RULE))
        found = await asking

        assert (found.con_id, found.symbol, found.exchange, found.name) == (AAPL.con_id, "AAPL", "SMART", "APPLE INC")
        assert found.price_bands == (
            PriceBand(Decimal(0), Decimal("0.0001")),
            PriceBand(Decimal(1), Decimal("0.01")),
        )
        assert (found.min_size, found.size_increment) == (Decimal("0.0001"), Decimal("0.0001"))
        assert (found.order_types, found.time_zone) == (("LMT", "MKT"), "US/Eastern")
        assert (found.strike, found.right, found.multiplier) == (None, "", Decimal(1))


async def test_contract_without_a_rule_has_the_one_tick_that_it_names() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.qualify(AAPL.con_id))
        request_id = int((await asked(desk.peer, 9))[2])
        details: dict[str, Value] = {"reqId": request_id, "marketRuleIds": "", "minTick": Decimal("0.05")}
        desk.peer.send(CONTRACT_DETAILS.encode(DETAILS | details), frame(52, 1, request_id))

        assert (await asking).price_bands == (PriceBand(Decimal(0), Decimal("0.05")),)


async def test_one_rule_is_asked_for_once() -> None:
    async with connected() as desk:
        both = [asyncio.create_task(desk.broker.qualify(con_id)) for con_id in (1, 2)]
        await asked(desk.peer, 9, count=2)
        ids = [int(fields[2]) for fields in desk.peer.seen if fields[0] == "9"]
        for con_id, request_id in enumerate(ids, start=1):
            desk.peer.send(
                CONTRACT_DETAILS.encode(DETAILS | {"reqId": request_id, "conId": con_id}), frame(52, 1, request_id)
            )
        await asked(desk.peer, 91)
        desk.peer.send(MARKET_RULE.encode(RULE))
        found = await asyncio.gather(*both)

        assert [instrument.con_id for instrument in found] == [1, 2]
        assert len([fields for fields in desk.peer.seen if fields[0] == "91"]) == 1


async def test_unknown_contract_is_refused_to_the_asker_alone() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.qualify(1))
        request_id = (await asked(desk.peer, 9))[2]
        desk.peer.send(frame(4, 2, request_id, 200, "No security definition has been found for the request", ""))
        with pytest.raises(BrokerError) as caught:
            await asking

        assert (caught.value.code, str(caught.value)) == (
            200,
            "No security definition has been found for the request [200]",
        )
        assert desk.ear.reports == []


async def test_details_that_end_before_they_begin_are_an_unknown_contract() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.qualify(1))
        desk.peer.send(frame(52, 1, (await asked(desk.peer, 9))[2]))
        with pytest.raises(BrokerError, match="knows no contract 1"):
            await asking


async def test_read_only_api_is_told_to_who_asked_for_orders() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.open_orders())
        await asked(desk.peer, 16)
        desk.peer.send(frame(4, 2, -1, 321, "The API interface is currently in Read-Only mode.", ""))
        with pytest.raises(BrokerError, match="Read-Only"):
            await asking
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))

        assert isinstance(desk.ear.reports[0], ErrorReport)


async def test_everyone_who_waits_hears_of_a_disconnect() -> None:
    async with connected() as desk:
        waiting = [
            asyncio.create_task(desk.broker.open_orders()),
            asyncio.create_task(desk.broker.executions()),
            asyncio.create_task(desk.broker.qualify(1)),
            asyncio.create_task(desk.broker.positions()),
            asyncio.create_task(desk.broker.positions()),
        ]
        await asked(desk.peer, 9)
        desk.peer.hang_up()
        results = await asyncio.gather(*waiting, return_exceptions=True)

        assert [type(result) for result in results] == [NotConnectedError] * 5


async def test_cancelled_question_leaves_nothing_behind() -> None:
    async with connected() as desk:
        asking = asyncio.create_task(desk.broker.executions())
        request_id = (await asked(desk.peer, 7))[2]
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        desk.peer.send(fill(reqId=int(request_id)), frame(55, 1, request_id))
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))

        assert desk.broker.bad_frames == 0


async def test_ping_takes_milliseconds_and_asks_once_a_second() -> None:
    async def answer(peer: Peer) -> None:
        await peer.greet()
        while True:
            peer.seen.append(await peer.read_frame())
            peer.times.append(asyncio.get_running_loop().time())
            peer.send(frame(49, 1, 1763632800))

    async with connected(answer) as desk:
        first, second = await asyncio.gather(desk.broker.ping(), desk.broker.ping())

        assert Decimal(0) < first.round_trip_ms < 1000
        assert Decimal(0) < second.round_trip_ms < 1000
        ahead = 1763632800 - datetime.now(UTC).timestamp()
        assert second.clock_offset_s is not None
        assert abs(float(second.clock_offset_s) - ahead) < 10
        assert desk.peer.times[1] - desk.peer.times[0] >= 0.99


async def test_ping_without_an_answer() -> None:
    async with connected(query_deadline=IMPATIENT) as desk:
        with pytest.raises(RequestTimeoutError, match="did not send the time"):
            await desk.broker.ping()
