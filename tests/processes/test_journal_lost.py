"""Core after its journal was harmed: what is missing is said by name, and no order leaves until a person has spoken."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.cli.journal_report import replayed, verified
from core.domain.commands import AcceptTailLoss, CancelOrder, DenialCode
from core.domain.connection import LinkState
from core.domain.events import Snapshot, TradingState
from core.domain.orders import Order, OrderState
from core.ids import instance_of
from core.journal.files import checkpoint_path
from tests.core_process import CoreProcess, Watcher, running_core
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway
from tests.processes.orders import journal_of, order_in
from tests.processes.proxy import proxied_core
from tests.processes.test_way_of_an_order import SYMBOL, resting_buy


async def working(watcher: Watcher) -> str:
    """The reference of an order that works."""
    command = resting_buy(watcher)
    assert (await watcher.send(command)).ok
    await watcher.wait(order_in(command.request.order_ref, OrderState.WORKING))
    return command.request.order_ref


async def put_back(home: DeskHome, port: str) -> tuple[str, str, str]:
    """A core that sent two orders, was killed, and whose journal is an old copy then: it knows of the first alone.

    Returns both references and the journal's instance.
    """
    journal = journal_of(home, "paper")
    async with running_core(home, {"port": port}) as core, await core.attach() as watcher:
        await watcher.ready_for(SYMBOL)
        known = await working(watcher)
        instance = watcher.snapshot.instance
    copies = {path: path.read_bytes() for path in (journal, checkpoint_path(journal))}
    core = await CoreProcess(home, {"port": port}).start()
    async with await core.attach() as watcher:
        await watcher.ready_for(SYMBOL)
        lost = await working(watcher)
        core.kill()
    for beside in journal.parent.glob("journal.db-*"):
        beside.unlink()
    for path, content in copies.items():
        path.write_bytes(content)
    return known, lost, instance


@pytest.mark.row(18)
async def test_orders_wait_for_the_trader_after_an_old_copy_was_put_back() -> None:
    with DeskHome() as home:
        async with running_gateway(home) as port:
            known, lost, instance = await put_back(home, str(port))
            async with running_core(home, {"port": str(port)}) as core, await core.attach("desk") as watcher:
                await watcher.ready_for(SYMBOL)
                snapshot = await watcher.until(lambda now: any(order.order_ref == lost for order in now.orders))
                orders = {order.order_ref: order for order in snapshot.orders}
                assert snapshot.instance == instance == instance_of(lost)
                assert snapshot.trading_state is TradingState.HALTED
                assert "JOURNAL_TAIL_LOST" in snapshot.trading_reason
                assert any("JOURNAL_TAIL_LOST" in told.text for told in snapshot.incidents)
                assert any("the journal has no record of it" in told.text for told in snapshot.incidents)
                assert (orders[known].state, orders[lost].state) == (OrderState.WORKING, OrderState.WORKING)

                denied = (await watcher.send(resting_buy(watcher))).denied
                assert denied is not None
                assert denied.code is DenialCode.JOURNAL_TAIL_LOST
                assert (await watcher.send(CancelOrder(order_ref=lost))).ok
                await watcher.wait(order_in(lost, OrderState.CANCELLED))

                assert (await watcher.send(AcceptTailLoss())).ok
                await watcher.ready()
                fresh = await working(watcher)
                after = {order.order_ref: order for order in (await watcher.client.snapshot()).orders}
                assert after[fresh].order_id > max(orders[known].order_id, orders[lost].order_id)
            assert replayed(journal_of(home, "paper")).figures["ok"] is True
            assert verified(journal_of(home, "paper")).figures["ok"] is True


@pytest.mark.row(19)
async def test_a_damaged_journal_is_looked_at_only() -> None:
    with DeskHome() as home:
        async with running_gateway(home) as port:
            arguments = {"port": str(port)}
            journal = journal_of(home, "paper")
            async with running_core(home, arguments) as core, await core.attach() as watcher:
                await watcher.ready_for(SYMBOL)
                await working(watcher)
            checkpoint_path(journal).unlink()
            harmed = change_a_letter(journal)
            async with running_core(home, arguments) as core, await core.attach() as watcher:
                snapshot = await watcher.until(lambda now: now.connection.state is LinkState.READY)
                await watcher.wait_for_instrument(SYMBOL)
                assert snapshot.trading_state is TradingState.HALTED
                assert "View only, no order can leave: Row " in snapshot.trading_reason
                assert any(text.startswith("Trading is halted: View only") for text in told(snapshot))
                denied = (await watcher.send(resting_buy(watcher))).denied
                assert denied is not None
                assert denied.code is DenialCode.HALTED
            assert journal.read_bytes() == harmed
            (kept,) = (journal.parent / "quarantine").iterdir()
            assert (kept / "journal.db").read_bytes() == harmed


def told(snapshot: Snapshot) -> list[str]:
    """The texts of the incidents."""
    return [one.text for one in snapshot.incidents]


def change_a_letter(journal: Path) -> bytes:
    """Another price in an intent; returns what the file holds then."""
    data = journal.read_bytes()
    place = data.index(b'"limit_price":"', data.index(b'{"type":"intent"')) + len(b'"limit_price":"')
    harmed = data[:place] + b"9" + data[place + 1 :]
    assert harmed != data
    journal.write_bytes(harmed)
    return harmed


@pytest.mark.row(22)
async def test_a_locked_journal_denies_orders_and_none_is_sent_later() -> None:
    with DeskHome() as home:
        async with proxied_core(home) as (proxy, watcher):
            await watcher.ready_for(SYMBOL)
            with closing(sqlite3.connect(journal_of(home, "paper"), isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                commands = [resting_buy(watcher) for _ in range(3)]
                acks = await asyncio.wait_for(asyncio.gather(*map(watcher.send, commands)), 5)
                assert [ack.denied and ack.denied.code for ack in acks] == [DenialCode.JOURNAL_BUSY] * 3
                # The desk goes on: a snapshot is an answer of core's loop.
                assert (await asyncio.wait_for(watcher.client.snapshot(), 1)).connection.state is LinkState.READY
                other.execute("ROLLBACK")
            sent = await sent_at_last(watcher)
            assert len(proxy.placed()) == 1
            assert sent.order_ref not in {command.request.order_ref for command in commands}


async def sent_at_last(watcher: Watcher) -> Order:
    """An order that the journal takes again, once it works."""
    async with asyncio.timeout(10):
        while True:
            command = resting_buy(watcher)
            if (await watcher.send(command)).ok:
                return await watcher.wait(order_in(command.request.order_ref, OrderState.WORKING))
            await asyncio.sleep(0.05)


@pytest.mark.row(20)
async def test_a_journal_that_is_removed_halts_before_the_next_order() -> None:
    with DeskHome() as home:
        async with proxied_core(home) as (proxy, watcher):
            await watcher.ready_for(SYMBOL)
            known = await working(watcher)
            journal_of(home, "paper").unlink()
            denied = (await watcher.send(resting_buy(watcher, quantity=2))).denied
            assert denied is not None
            assert denied.code is DenialCode.HALTED
            assert "journal.db was removed or replaced while core ran" in denied.message
            assert (await watcher.client.snapshot()).trading_state is TradingState.HALTED
            assert (await watcher.send(CancelOrder(order_ref=known))).ok
            await watcher.wait(order_in(known, OrderState.CANCELLED))
            assert [frame[0] for frame in proxy.frames if frame[0] in ("3", "4")] == ["3", "4"]
