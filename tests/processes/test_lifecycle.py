"""How processes end, stay, and take over from each other: real ones, with real signals."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from core.api import retire
from core.domain.entries import FactRecorded
from core.domain.events import Envelope, Health, Incident, Severity, TradingState
from core.domain.orders import OrderState, Side
from core.errors import LinkError
from core.journal.recovery import read_entries
from core.link.wire import Refusal
from tests.core_process import PATIENCE, CoreProcess, market_order, running_core
from tests.desk_home import DeskHome
from tests.link.raw import RawClient, hello
from tests.processes.orders import journal_of, order_in
from tests.processes.test_way_of_an_order import resting_buy

SYMBOL = "AAPL"


def incident_with(words: str) -> Callable[[Envelope], Incident | None]:
    """What a watcher waits for: an incident that says so."""

    def wanted(envelope: Envelope) -> Incident | None:
        event = envelope.event
        return event if isinstance(event, Incident) and words in event.text else None

    return wanted


async def exit_of(core: CoreProcess) -> int:
    """The exit status, once the process ended."""
    process = core.process
    assert process is not None
    return await asyncio.wait_for(asyncio.to_thread(process.wait), PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_core_and_its_gateway_in_order(number: signal.Signals) -> None:
    with DeskHome() as home:
        core = await CoreProcess(home).start()
        async with await core.attach() as watcher:
            await watcher.ready()
            os.kill(core.pid, number)
            with pytest.raises(LinkError, match="Core has ended"):
                await asyncio.wait_for(watcher.ended(), PATIENCE)
        assert await exit_of(core) == 0
        # With its clients gone the gateway ends by itself, soon.
        assert not core.socket.exists()
        entries = [entry for _, entry in read_entries(journal_of(home, "practice"))]
        assert entries


async def test_a_lost_terminal_is_no_reason_to_end() -> None:
    with DeskHome() as home:
        async with running_core(home) as core, await core.attach() as watcher:
            await watcher.ready()
            os.kill(core.pid, signal.SIGHUP)
            await watcher.wait_for_instrument(SYMBOL)
            order = resting_buy(watcher)
            assert (await watcher.send(order)).ok
            await watcher.wait(order_in(order.request.order_ref, OrderState.WORKING))


async def test_a_gateway_that_dies_is_started_again_and_a_person_is_told() -> None:
    with DeskHome() as home:
        async with running_core(home) as core, await core.attach() as watcher:
            await watcher.ready()
            before = await watcher.until(lambda snapshot: snapshot.health.gateway_pid is not None)
            pid = before.health.gateway_pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)

            told = await watcher.wait(incident_with("practice gateway ended by itself"))
            assert told.severity is Severity.WARNING

            def another(envelope: Envelope) -> int | None:
                event = envelope.event
                return event.gateway_pid if isinstance(event, Health) and event.gateway_pid not in {None, pid} else None

            assert await watcher.wait(another)
            await watcher.until(lambda snapshot: snapshot.connection.state.value == "READY")


async def test_a_part_that_fails_halts_stands_in_the_journal_and_ends_core_with_a_status() -> None:
    with DeskHome() as home:
        core = await CoreProcess(home, command=("-m", "tests.processes.core_that_fails")).start()
        async with await core.attach() as watcher:
            await watcher.ready_for(SYMBOL)
            assert (await watcher.send(market_order(watcher.snapshot, SYMBOL, Side.BUY, 1))).ok
            told = await watcher.wait(incident_with("Trading is halted"))
            assert told.severity is Severity.ALARM
            assert "the timer broke for DU…567" in told.text
        assert await exit_of(core) == 1

        facts = [
            entry.fact for _, entry in read_entries(journal_of(home, "practice")) if isinstance(entry, FactRecorded)
        ]
        assert told in facts

        async with running_core(home) as again, await again.attach() as watcher:
            snapshot = await watcher.ready()
            assert snapshot.trading_state is TradingState.ACTIVE
            assert told in snapshot.incidents


@pytest.mark.covers("D4.1")
async def test_a_new_build_takes_over_from_a_running_core_on_a_persons_word() -> None:
    with DeskHome() as home:
        old = await CoreProcess(home).start()
        async with await old.attach() as watcher:
            await watcher.ready_for(SYMBOL)
            order = resting_buy(watcher)
            assert (await watcher.send(order)).ok
            await watcher.wait(order_in(order.request.order_ref, OrderState.WORKING))

            stranger = await RawClient.connect(old.socket)
            await stranger.say(hello("9.9.9"))
            refusal = await stranger.hear()
            stranger.connection.close()
            assert isinstance(refusal, Refusal)
            assert (refusal.other_build, refusal.working, refusal.in_flight) == (True, 1, 0)

            # The new core is started while the old one still ends, as a desk does.
            ending = asyncio.ensure_future(retire(old.socket, "desk", refusal.in_flight))
            with pytest.raises(LinkError, match="restarted for another build"):
                await asyncio.wait_for(watcher.ended(), PATIENCE)
            async with running_core(home) as new:
                await ending
                assert await exit_of(old) == 0
                assert new.pid != old.pid
                async with await new.attach() as heir:
                    await heir.ready()
                    found = await heir.until(
                        lambda snapshot: any(known.state is OrderState.WORKING for known in snapshot.orders)
                    )
                    assert [known.order_ref for known in found.orders] == [order.request.order_ref]


@pytest.mark.covers("D3.5", "D4.7")
async def test_what_variables_say_in_vain_is_told_at_the_desk() -> None:
    with DeskHome() as home:
        home.env |= {"IBKR_CLIENT_ID": "31", "IB_CLIENT_ID": "32", "MAX_ORDER_SIZE": "50"}
        async with running_core(home) as core, await core.attach() as watcher:
            snapshot = await watcher.ready()
            texts = [incident.text for incident in snapshot.incidents]
            assert "IBKR_CLIENT_ID=31 and IB_CLIENT_ID=32 contradict each other; IBKR_CLIENT_ID is used." in texts
            assert snapshot.connection.client_id == 31
            await watcher.wait_for_instrument(SYMBOL)
            ack = await watcher.send(market_order(watcher.snapshot, SYMBOL, Side.BUY, 51))
            assert ack.denied is not None
            assert "50" in ack.denied.message


async def test_state_files_are_the_owners_alone() -> None:
    with DeskHome() as home:
        async with running_core(home) as core, await core.attach() as watcher:
            await watcher.ready()
            files = [path for path in home.folder.rglob("*") if path.is_file()]
            open_ones = [str(path) for path in files if path.stat().st_mode & 0o077]
        assert {path.name for path in files} >= {"journal.db", "core.lock", "core.log", "gateway.stderr"}
        assert open_ones == []
