"""The adapter against the practice gateway: a whole session over real TCP, in one loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.broker.adapter import IbBroker
from core.clock import LoopClock
from core.domain.connection import Endpoint, Mode
from core.domain.instruments import Instrument, SecType
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.reports import (
    AccountValueReport,
    CommissionReport,
    ErrorClass,
    ErrorReport,
    ExecutionReport,
    OpenOrderReport,
    OrderStatusReport,
    TickField,
)
from core.errors import BrokerError, ConnectError
from core.ids import mint_order_ref
from core.ports import Approved, ConnectPermit
from core.practice.server import GatewayOptions, PracticeGateway
from tests.broker.scripted import PATIENCE, Ear

AAPL = 265598


class Trading:
    """A practice gateway, the adapter on it, and what was heard."""

    def __init__(self, gateway: PracticeGateway, broker: IbBroker, ear: Ear, permit: ConnectPermit) -> None:
        self.gateway = gateway
        self.broker = broker
        self.ear = ear
        self.permit = permit
        self.account = "DU1234567"

    def request(self, instrument: Instrument, price: Decimal | None, side: Side = Side.BUY) -> OrderRequest:
        """An order for 100."""
        return OrderRequest(
            order_ref=mint_order_ref("TESTAA"),
            account=self.account,
            con_id=instrument.con_id,
            side=side,
            quantity=Decimal(100),
            order_type=OrderType.MKT if price is None else OrderType.LMT,
            limit_price=price,
        )

    async def place(self, instrument: Instrument, order: OrderRequest) -> int:
        """Send an order; its id."""
        order_id = self.broker.take_order_id()
        await self.broker.place(Approved(order, instrument), order_id, modify=False)
        return order_id

    async def status(self, order_id: int, word: str) -> None:
        """Wait until the order has this status."""
        await self.ear.wait_for(
            lambda: any(
                isinstance(report, OrderStatusReport) and (report.order_id, report.status) == (order_id, word)
                for report in self.ear.reports
            )
        )


@asynccontextmanager
async def trading(client_id: int = 1) -> AsyncIterator[Trading]:
    """A fresh practice gateway with a connected adapter."""
    async with PracticeGateway(GatewayOptions(seed=7)) as gateway:
        ear = Ear()
        broker = IbBroker(ear, LoopClock())
        permit = ConnectPermit(Endpoint("127.0.0.1", gateway.port), Mode.PRACTICE, "", read_only=False)
        await broker.open(permit, client_id, PATIENCE)
        try:
            yield Trading(gateway, broker, ear, permit)
        finally:
            await broker.close()


async def test_from_a_typed_name_to_moving_quotes() -> None:
    async with trading() as desk:
        matches = await desk.broker.search("AAPL")
        assert (matches[0].con_id, matches[0].symbol, matches[0].sec_type) == (AAPL, "AAPL", SecType.STK)
        instrument = await desk.broker.qualify(matches[0].con_id)
        assert (instrument.symbol, instrument.exchange, instrument.name) == ("AAPL", "SMART", "APPLE INC")
        assert instrument.price_bands[0].increment == Decimal("0.01")
        desk.broker.subscribe_quotes(instrument)
        await desk.ear.wait_for(lambda: len(desk.ear.tick_batches) > 3)
        fields = {tick.field: tick.value for tick in desk.ear.ticks}

        bid, ask = fields[TickField.BID], fields[TickField.ASK]
        assert bid is not None
        assert ask is not None
        assert 0 < bid < ask
        assert {TickField.LAST, TickField.CLOSE, TickField.VOLUME, TickField.HIGH, TickField.LOW} <= set(fields)
        assert desk.broker.bad_frames == 0


async def test_market_order_fills() -> None:
    async with trading() as desk:
        instrument = await desk.broker.qualify(AAPL)
        wanted = desk.request(instrument, None)
        order_id = await desk.place(instrument, wanted)
        await desk.ear.wait_for(lambda: any(isinstance(report, CommissionReport) for report in desk.ear.reports))
        await desk.status(order_id, "Filled")
        live = [report.execution for report in desk.ear.reports if isinstance(report, ExecutionReport)]
        assert sum((one.quantity for one in live), Decimal(0)) == 100
        assert {(one.order_ref, one.account, one.side) for one in live} == {(wanted.order_ref, desk.account, Side.BUY)}
        again = await desk.broker.executions()
        positions = await desk.broker.positions()

        assert [one.execution.exec_id for one in again] == [one.exec_id for one in live]
        assert not any(one.live for one in again)
        assert [(one.instrument.con_id, one.quantity) for one in positions] == [(AAPL, Decimal(100))]
        assert desk.broker.bad_frames == 0


async def test_resting_order_is_changed_and_cancelled() -> None:
    async with trading() as desk:
        instrument = await desk.broker.qualify(AAPL)
        wanted = desk.request(instrument, Decimal("150.01"))
        order_id = await desk.place(instrument, wanted)
        await desk.status(order_id, "Submitted")
        changed = replace(wanted, limit_price=Decimal("150.02"), quantity=Decimal(50))
        await desk.broker.place(Approved(changed, instrument), order_id, modify=True)
        await desk.ear.wait_for(
            lambda: any(
                isinstance(report, OpenOrderReport) and report.limit_price == Decimal("150.02")
                for report in desk.ear.reports
            )
        )
        (held,) = await desk.broker.open_orders()
        assert (held.order_ref, held.quantity, held.limit_price) == (
            wanted.order_ref,
            Decimal(50),
            Decimal("150.02"),
        )
        await desk.broker.cancel(order_id)
        await desk.status(order_id, "Cancelled")

        assert list(await desk.broker.open_orders()) == []
        (ended,) = await desk.broker.completed_orders()
        assert (ended.order_ref, ended.status) == (wanted.order_ref, "Cancelled")
        assert desk.broker.bad_frames == 0


async def test_account_figures_come_with_the_first_download() -> None:
    async with trading() as desk:
        await desk.broker.watch_account(desk.account)
        tags = {report.tag for report in desk.ear.reports if isinstance(report, AccountValueReport)}

        assert {"NetLiquidation", "TotalCashValue", "BuyingPower"} <= tags


async def test_unknown_contract_and_unknown_symbol() -> None:
    async with trading() as desk:
        with pytest.raises(BrokerError) as caught:
            await desk.broker.qualify(999_999_999)

        assert caught.value.code == 200
        assert list(await desk.broker.search("ZZZZZZ")) == []


async def test_price_off_the_tick_is_refused_by_the_gateway() -> None:
    async with trading() as desk:
        instrument = await desk.broker.qualify(AAPL)
        order_id = await desk.place(instrument, desk.request(instrument, Decimal("233.337")))

        def about_orders() -> list[ErrorReport]:
            return [one for one in desk.ear.reports if isinstance(one, ErrorReport) and one.request_id >= 0]

        await desk.ear.wait_for(lambda: bool(about_orders()))
        refusal = about_orders()[0]

        assert (refusal.request_id, refusal.code, refusal.error_class) == (order_id, 110, ErrorClass.INVALID)


async def test_second_program_with_the_same_client_id() -> None:
    async with trading() as desk:
        other = IbBroker(Ear(), LoopClock())
        with pytest.raises(ConnectError, match=r"Client id 1 is already in use .* \[326\]"):
            await other.open(desk.permit, 1, PATIENCE)


async def test_all_books_at_once_and_twice() -> None:
    async with trading() as desk:
        instrument = await desk.broker.qualify(AAPL)
        resting = await desk.place(instrument, desk.request(instrument, Decimal("150.01")))
        filled = await desk.place(instrument, desk.request(instrument, None))
        await desk.status(resting, "Submitted")
        await desk.status(filled, "Filled")
        books: list[Callable[[], Awaitable[object]]] = [
            desk.broker.open_orders,
            desk.broker.completed_orders,
            desk.broker.executions,
            desk.broker.positions,
        ]
        answers = await asyncio.gather(*(book() for book in books * 2))

        assert answers[:4] == answers[4:]
        assert all(answers)


async def test_orders_outlive_the_connection() -> None:
    async with trading() as desk:
        instrument = await desk.broker.qualify(AAPL)
        wanted = desk.request(instrument, Decimal("150.01"))
        order_id = await desk.place(instrument, wanted)
        await desk.status(order_id, "Submitted")
        await desk.broker.close()
        await desk.broker.open(desk.permit, 1, PATIENCE)
        (held,) = await desk.broker.open_orders()
        assert (held.order_ref, held.order_id) == (wanted.order_ref, order_id)
        await desk.broker.cancel(held.order_id)
        await desk.status(order_id, "Cancelled")
        assert desk.broker.take_order_id() > order_id


async def test_ping() -> None:
    async with trading() as desk:
        pulse = await desk.broker.ping()
        assert Decimal(0) < pulse.round_trip_ms < 1000
        assert pulse.clock_offset_s is not None
        assert abs(pulse.clock_offset_s) <= 1
