"""The state folder: what a restart, a kill or a second gateway finds there."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from core.practice import tables_in as ask
from core.practice.server import GatewayOptions, PracticeGateway
from core.practice.state import ENDPOINT, FILE, StateError, Store
from tests.practice.conftest import OPTIONS
from tests.practice.raw_client import RawClient


@pytest.fixture
def options(tmp_path: Path) -> GatewayOptions:
    """Options with a state folder."""
    return replace(OPTIONS, state=tmp_path / "state")


async def trade_a_little(gateway: PracticeGateway) -> None:
    """Fill one order, leave one working, cancel one, hold one back."""
    client = await RawClient.connect(gateway.port, 4)
    await client.until(client.place(), "commission")
    await client.until(
        client.place(orderType="LMT", lmtPrice=Decimal("100.00"), tif="GTC", orderRef="mine"), "Submitted"
    )
    cancelled = client.place(orderType="LMT", lmtPrice=Decimal("101.00"))
    await client.until(cancelled, "Submitted")
    client.ask(ask.CANCEL_ORDER, orderId=cancelled)
    await client.until(cancelled, "202")
    client.place(transmit=False)
    client.ask(ask.CURRENT_TIME)
    await client.wait_for("currentTime")
    await client.close()


def contents(gateway: PracticeGateway) -> list[object]:
    """Return everything a restart must find again."""
    ledger = gateway.ledger
    return [ledger.orders, ledger.executions, ledger.account.positions, ledger.account.cash, ledger.market.save()]


async def test_a_restart_finds_everything_again(options: GatewayOptions) -> None:
    async with PracticeGateway(options) as first:
        await trade_a_little(first)
        for _ in range(73):
            first.hub.advance()
    async with PracticeGateway(options) as second:
        assert contents(second) == contents(first)
        assert second.market.step == first.market.step
        client = await RawClient.connect(second.port, 4)
        assert client.next_order_id == 5
        client.ask(ask.OPEN_ORDERS)
        opened = await client.wait_for("openOrder")
        assert (opened.text("orderRef"), opened.text("status")) == ("mine", "Submitted")
        client.ask(ask.CANCEL_ORDER, orderId=opened.integer("orderId"))
        assert (await client.until(opened.integer("orderId"), "202"))[-1] == "error 202"
        fresh = client.place()
        await client.until(fresh, "commission")
        await client.close()

        perms = [order.perm_id for order in second.ledger.orders.values()]
        fills = [fill.exec_id for fill in second.ledger.executions]
    assert len(set(perms)) == len(perms) == 5
    assert len(set(fills)) == len(fills) == 2


async def test_a_working_order_fills_after_a_restart(options: GatewayOptions) -> None:
    async with PracticeGateway(options) as first:
        client = await RawClient.connect(first.port)
        quote = first.market.quotes[265598]
        await client.until(client.place(orderType="LMT", lmtPrice=quote.instrument.price(quote.bid)), "Submitted")
        await client.close()
    async with PracticeGateway(options) as second:
        await second.wait_for(lambda: second.market.step > 0)
        for _ in range(200):
            second.hub.advance()

        assert second.ledger.live_orders() == []
        assert second.ledger.account.positions[265598].quantity == 100


async def test_state_is_written_before_the_answer(options: GatewayOptions) -> None:
    async with PracticeGateway(options) as gateway:
        client = await RawClient.connect(gateway.port)
        await client.until(client.place(), "Filled")
        assert options.state is not None
        with sqlite3.connect(options.state / FILE) as base:
            rows = base.execute("SELECT count(*) FROM executions").fetchone()
            [(amount,)] = base.execute("SELECT amount FROM cash").fetchall()
        base.close()
        await client.close()

        assert rows == (1,)
        assert Decimal(amount) == gateway.ledger.account.cash["USD"] < 1_000_000


async def test_only_one_gateway_holds_a_folder(options: GatewayOptions) -> None:
    async with PracticeGateway(options):
        with pytest.raises(StateError, match="used by another practice gateway"):
            await PracticeGateway(options).start()
    async with PracticeGateway(options):
        pass


async def test_the_endpoint_is_there_while_it_listens(options: GatewayOptions) -> None:
    assert options.state is not None
    path = options.state / ENDPOINT
    async with PracticeGateway(options) as gateway:
        endpoint = json.loads(path.read_text())
        assert (endpoint["pid"], endpoint["port"], endpoint["account"]) == (os.getpid(), gateway.port, "DU1234567")
        assert endpoint["started"].endswith("+00:00")
        assert endpoint["lines"] == 100
        modes = {stat.S_IMODE(file.stat().st_mode) for file in options.state.iterdir()}
        assert modes == {0o600}
        assert stat.S_IMODE(options.state.stat().st_mode) == 0o700

    assert not path.exists()


async def test_a_folder_belongs_to_one_account(options: GatewayOptions) -> None:
    async with PracticeGateway(options):
        pass

    with pytest.raises(StateError, match="belongs to account DU…567, not U…321"):
        await PracticeGateway(replace(options, account="U7654321")).start()


async def test_a_folder_keeps_its_seed(options: GatewayOptions) -> None:
    async with PracticeGateway(options) as first:
        for _ in range(5):
            first.hub.advance()
    async with PracticeGateway(replace(options, seed=99)) as second:
        assert second.market.seed == OPTIONS.seed
        assert second.market.save() == first.market.save()


async def test_new_states_never_repeat_ids(tmp_path: Path) -> None:
    def clock(epoch: float) -> Callable[[], float]:
        return lambda: epoch

    seen: set[tuple[int, str]] = set()
    for number, now in enumerate((1_795_000_000.0, 1_795_000_001.0)):
        options = replace(OPTIONS, state=tmp_path / str(number))
        async with PracticeGateway(options, clock(now)) as gateway:
            await trade_a_little(gateway)
            seen |= {(fill.perm_id, fill.exec_id) for fill in gateway.ledger.executions}

    assert len({perm for perm, _ in seen}) == len({name for _, name in seen}) == 2


async def test_the_next_day_ends_day_orders_and_starts_the_figures_anew(options: GatewayOptions) -> None:
    now = 1_795_200_000.0
    async with PracticeGateway(options, lambda: now) as first:
        await trade_a_little(first)
        client = await RawClient.connect(first.port, 5)
        await client.until(client.place(orderType="LMT", lmtPrice=Decimal("102.00"), tif="DAY"), "Submitted")
        await client.close()
        bought = first.ledger.account.positions[265598].quantity
    tomorrow = now + 86_400
    async with PracticeGateway(options, lambda: tomorrow) as second:
        client = await RawClient.connect(second.port, 5)
        client.ask(ask.ALL_OPEN_ORDERS)
        opened = await client.wait_for("openOrder")
        await client.wait_for("openOrderEnd")
        client.ask(ask.COMPLETED_ORDERS, apiOnly=False)
        completed = await client.wait_for("completedOrder")
        client.ask(ask.EXECUTIONS, reqId=9)
        await client.wait_for("execDetailsEnd")
        await client.close()

        assert [message.name for message, _ in client.heard].count("openOrder") == 1
        assert opened.text("tif") == "GTC"
        assert completed.text("completedStatus") == "Cancelled by System: end of the trading day"
        assert [message.name for message, _ in client.heard].count("execDetails") == 0
        assert second.ledger.account.positions[265598].quantity == bought == 100
        assert second.ledger.account.totals().daily == 0


async def test_a_broken_file_is_an_error_that_names_it(options: GatewayOptions) -> None:
    assert options.state is not None
    options.state.mkdir()
    (options.state / FILE).write_bytes(b"no database at all" * 100)

    with pytest.raises(StateError, match=str(options.state / FILE)):
        await PracticeGateway(options).start()


async def test_a_row_that_makes_no_sense_is_an_error(options: GatewayOptions) -> None:
    async with PracticeGateway(options) as gateway:
        await trade_a_little(gateway)
    assert options.state is not None
    base = sqlite3.connect(options.state / FILE)
    with base:
        base.execute("UPDATE orders SET body = '{}'")
    base.close()

    with pytest.raises(StateError, match="row that can't be read"):
        await PracticeGateway(options).start()


async def test_a_state_that_cannot_be_written_ends_the_gateway(options: GatewayOptions) -> None:
    gateway = PracticeGateway(options)
    running = asyncio.create_task(gateway.run_forever())
    client = await RawClient.connect(await ready(gateway))
    gateway.hub.store.close()
    gateway.hub.store = FullDisk(None)
    client.place()

    assert await client.ended()
    await asyncio.wait_for(running, 5)
    assert isinstance(gateway.failure, sqlite3.Error)
    assert not [message for message, _ in client.heard if message.name == "openOrder"]


class FullDisk(Store):
    """A store whose next commit fails."""

    def commit(self) -> None:
        """Fail as a full disk does."""
        raise sqlite3.OperationalError("database or disk is full")


async def ready(gateway: PracticeGateway) -> int:
    """Return the port once the gateway listens."""
    async with asyncio.timeout(5):
        while True:
            try:
                return gateway.port
            except RuntimeError:
                await asyncio.sleep(0)


def test_a_store_without_a_folder_keeps_nothing() -> None:
    with Store(None) as store:
        store.put("meta", "key", "value")
        store.commit()

        assert store.meta("key") is None
        assert not any((store.orders(), store.executions(""), store.positions(), store.cash(), store.next_ids()))
