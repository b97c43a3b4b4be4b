"""The kill switch at the service: what it does in which order, whatever state core is in."""

from __future__ import annotations

import asyncio

import pytest

from core.domain.commands import DenialCode, Kill, Resume
from core.domain.connection import LinkState
from core.domain.entries import FactRecorded, Intent
from core.domain.events import KillUpdated, Severity, TradingState, TradingStateChanged
from core.domain.orders import OrderState, Pending, Side
from core.domain.trading import Cause, KillScope, kill_in_words, progress
from core.errors import NotConnectedError
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker, FakeMark
from tests.execution.reports import buy, position, ref, status
from tests.execution.rig import Rig, rig, settle


def long(broker: FakeBroker) -> None:
    """100 AAPL are held."""
    broker.book_positions.append(position("100"))


def trading(desk: Rig) -> TradingState:
    """What core lets through."""
    return desk.snapshot.trading_state


def blocks(desk: Rig) -> set[Cause]:
    """What keeps orders back, as published last."""
    (*_, last) = [event for event in desk.events if isinstance(event, TradingStateChanged)]
    return {block.cause for block in last.blocks}


@pytest.mark.row(66)
@jumping
async def test_it_blocks_before_it_cancels_and_says_who_pulled_it_when() -> None:
    async with rig() as desk:
        await desk.working(buy(1))
        desk.journal.trace.clear()

        ack = desk.service.kill(Kill(), "desk-7")

        assert ack.ok
        assert trading(desk) is TradingState.HALTED
        trace = desk.journal.trace
        assert trace.index("withdraw orders") < trace.index("cancel 1")
        (changed,) = [event for event in desk.events if isinstance(event, TradingStateChanged)]
        (block,) = changed.blocks
        assert (block.cause, block.by, block.since) == (Cause.KILL, "desk-7", desk.clock.utc())
        assert FactRecorded(fact=changed) in desk.journal.rows
        assert desk.told(Severity.ALARM)[-1] == "Trading is halted: KILL at desk-7. Type resume to trade again."


@jumping
async def test_desks_are_told_though_nothing_works() -> None:
    async with rig() as desk:
        assert desk.service.kill(Kill(), "desk").ok

        told = [event.killed for event in desk.events if isinstance(event, KillUpdated)]
        assert [killed and killed.asked for killed in told] == [()]


@pytest.mark.row(66)
@jumping
async def test_an_order_that_is_being_recorded_does_not_leave() -> None:
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.ensure_future(desk.place(buy(1)))
        await asyncio.sleep(0)
        assert [row for row in desk.journal.rows if isinstance(row, Intent)]
        desk.service.kill(Kill(), "desk")
        desk.journal.release()
        assert not (await placing).ok
        assert desk.broker.placed == []
        assert desk.broker.cancelled == [], "of what has never left there is nothing to cancel"
        assert desk.order(1).state is OrderState.DENIED


@pytest.mark.row(66)
@jumping
async def test_a_failed_journal_keeps_nothing_back_but_orders() -> None:
    mark = FakeMark()
    async with rig(mark=mark) as desk:
        await desk.working(buy(1))
        desk.journal.fail("The disk is full.")
        assert desk.service.kill(Kill(scope=KillScope.OURS), "desk").ok
        assert desk.broker.cancelled == [1]
        assert mark.scope is KillScope.OURS
        assert Cause.KILL in blocks(desk)

    async with rig(mark=mark) as again:
        assert trading(again) is TradingState.HALTED
        assert again.snapshot.killed is not None
        assert again.snapshot.killed.scope is KillScope.OURS
        assert (await again.send(Resume())).ok
        assert mark.scope is None


@jumping
async def test_a_word_ends_it_and_only_it() -> None:
    async with rig() as desk:
        desk.service.kill(Kill(), "desk")
        desk.service.halt("The disk is full.")
        assert (await desk.send(Resume())).ok
        assert blocks(desk) == {Cause.JOURNAL}
        assert desk.snapshot.killed is None
        assert KillUpdated(killed=None) in desk.events
        ack = await desk.send(Resume())
        assert ack.denied is not None
        assert ack.denied.code is DenialCode.HALTED


@jumping
async def test_what_an_incident_brought_is_left_when_the_kill_is_ended() -> None:
    async with rig(prepare=long) as desk:
        desk.service._halting.reduce("OVERFILL: 3 too many.")
        desk.service.kill(Kill(), "desk")
        rows = list(desk.journal.rows)
        assert (await desk.send(Resume())).ok
        assert trading(desk) is TradingState.REDUCING
    async with rig(entries=rows, prepare=long) as again:
        assert trading(again) is TradingState.HALTED
        assert (await again.send(Resume())).ok
        assert again.snapshot.trading_reason == "OVERFILL: 3 too many."
        assert (await again.send(Resume())).ok
        assert trading(again) is TradingState.ACTIVE


@jumping
async def test_progress_is_told_and_names_what_is_not_confirmed() -> None:
    async with rig(prepare=long) as desk:
        await desk.working(buy(1))
        await desk.working(buy(2))
        await desk.working(buy(3, side=Side.SELL, quantity="100", price="233.90"))
        desk.service.kill(Kill(), "desk")
        killed = desk.snapshot.killed
        assert killed is not None
        assert (killed.asked, killed.kept) == ((ref(1), ref(2)), (ref(3),))
        orders = {order.order_ref: order for order in desk.snapshot.orders}
        far = progress(killed, orders)
        assert (far.asked, far.confirmed, len(far.waiting), len(far.kept)) == (2, 0, 2, 1)
        lines = kill_in_words(killed, orders)
        assert lines[0] == "KILL: new orders blocked. 2 cancels sent, 0 confirmed, 2 waiting."
        assert lines[1].startswith("Not confirmed: #1 BUY 100 AAPL @ 233.33, #2")
        assert lines[2] == "#3 SELL 100 AAPL @ 233.90 on 1 position stays: it only reduces."

        desk.say(status(1, "Cancelled", perm_id=900_001))
        orders = {order.order_ref: order for order in desk.snapshot.orders}
        assert kill_in_words(killed, orders)[0].endswith("2 cancels sent, 1 confirmed, 1 waiting.")


@jumping
async def test_asked_again_it_cancels_more_and_never_less() -> None:
    async with rig(prepare=long) as desk:
        await desk.working(buy(1, side=Side.SELL, quantity="100", price="233.90"))
        desk.service.kill(Kill(), "desk")
        assert desk.broker.cancelled == []
        desk.service.kill(Kill(scope=KillScope.EVERYTHING), "desk")
        await settle()
        assert [word for word in desk.broker.trace if word.startswith("cancel")] == ["cancel 1", "cancel everything"]
        desk.service.kill(Kill(), "desk")
        killed = desk.snapshot.killed
        assert killed is not None
        assert (killed.scope, killed.everything_sent) == (KillScope.EVERYTHING, True)
        assert desk.service._state.blocks[Cause.KILL].everything_sent, "or the next run of core would send it again"
        assert desk.broker.trace.count("cancel everything") == 1


@jumping
async def test_the_word_to_cancel_everything_is_sent_again_where_it_did_not_leave() -> None:
    async with rig() as desk:
        desk.broker.sendings.append(NotConnectedError("the line went"))
        desk.service.kill(Kill(scope=KillScope.EVERYTHING), "desk")
        await settle()
        assert "may not have reached IBKR" in desk.told(Severity.ALARM)[-1]
        desk.service._kill.look()
        await settle()
        killed = desk.snapshot.killed
        assert killed is not None
        assert killed.everything_sent


@jumping
async def test_whatever_fails_the_block_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig() as desk:

        def broken(_: object) -> int:
            raise RuntimeError("the journal broke")

        with monkeypatch.context() as patch:
            patch.setattr(desk.journal, "append", broken)
            ack = desk.service.kill(Kill(), "desk")
        assert ack.denied is not None
        assert "new orders are blocked" in ack.denied.message
        assert trading(desk) is TradingState.HALTED
        assert not (await desk.place(buy(1))).ok
        assert desk.service.kill(Kill(), "desk").ok, "again, and it goes on"


@jumping
async def test_a_read_only_profile_is_blocked_and_sends_no_cancel() -> None:
    async with rig(read_only=True) as desk:
        assert desk.service.kill(Kill(scope=KillScope.EVERYTHING), "desk").ok
        await settle()
        assert trading(desk) is TradingState.HALTED
        assert "cancel everything" not in desk.broker.trace


@jumping
async def test_it_needs_no_connection() -> None:
    async with rig() as desk:
        await desk.working(buy(1))
        desk.service.on_disconnected("the line went")
        await desk.until_state(LinkState.WAITING)
        assert desk.service.kill(Kill(), "desk").ok
        killed = desk.snapshot.killed
        assert killed is not None
        assert "was not sent" in killed.problem
        assert desk.order(1).pending is Pending.NONE
        assert desk.broker.cancelled == []
