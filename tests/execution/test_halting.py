"""What stops orders: a sick journal, a busy one, and one that has lost its end."""

from __future__ import annotations

from core.domain.commands import AcceptTailLoss, CancelOrder, DenialCode
from core.domain.entries import Intent, TailLost, TailLostAccepted
from core.domain.events import Severity, TradingState, TradingStateChanged
from core.domain.orders import OrderState, Pending
from core.errors import JournalBusyError
from tests.execution.clockwork import START, jumping
from tests.execution.reports import buy, ref
from tests.execution.rig import Rig, rig, settle

LOST = "JOURNAL_TAIL_LOST: the journal ends at row 5"


async def lost_its_end() -> list[Intent | TailLost]:
    """A journal with one order that works, and a gap behind it."""
    async with rig() as desk:
        await desk.working(buy(1))
        (intent,) = [row for row in desk.journal.rows if isinstance(row, Intent)]
    return [intent, TailLost(text=LOST, time=START)]


async def refused(desk: Rig, number: int) -> DenialCode:
    """Why an order is not sent; no frame of it may be."""
    frames = len(desk.broker.placed)
    ack = await desk.place(buy(number))
    assert ack.denied is not None
    assert len(desk.broker.placed) == frames
    return ack.denied.code


@jumping
async def test_orders_wait_for_the_trader_where_the_journal_lost_its_end_and_cancels_do_not() -> None:
    async with rig(entries=await lost_its_end()) as desk:
        assert desk.snapshot.trading_state is TradingState.HALTED
        assert desk.snapshot.trading_reason == LOST
        assert f"Trading is halted: {LOST}" in desk.told(Severity.ALARM)
        assert await refused(desk, 2) is DenialCode.JOURNAL_TAIL_LOST
        assert (await desk.service.execute(CancelOrder(order_ref=ref(1)), "desk")).ok
        assert desk.order().pending is Pending.CANCEL

        assert (await desk.service.execute(AcceptTailLoss(), "desk-2")).ok
        (accepted,) = [row for row in desk.journal.rows if isinstance(row, TailLostAccepted)]
        assert accepted.client == "desk-2"
        assert TradingStateChanged(state=TradingState.ACTIVE, reason="") in desk.events
        assert (await desk.place(buy(3))).ok
        assert (await desk.service.execute(AcceptTailLoss(), "desk-2")).ok
        rows = list(desk.journal.rows)
    assert len([row for row in rows if isinstance(row, TailLostAccepted)]) == 1

    async with rig(entries=[*await lost_its_end(), *rows]) as again:
        assert again.snapshot.trading_state is TradingState.ACTIVE


@jumping
async def test_accepting_the_loss_ends_no_other_halt() -> None:
    async with rig(entries=await lost_its_end()) as desk:
        desk.service.halt("the disk is full")
        assert (await desk.service.execute(AcceptTailLoss(), "desk")).ok
        assert (desk.snapshot.trading_state, desk.snapshot.trading_reason) == (TradingState.HALTED, "the disk is full")
        assert await refused(desk, 2) is DenialCode.HALTED


@jumping
async def test_a_loss_is_not_accepted_where_that_can_not_be_recorded() -> None:
    async with rig(entries=await lost_its_end()) as desk:
        desk.journal.fail("The disk is full.")
        ack = await desk.service.execute(AcceptTailLoss(), "desk")
        assert ack.denied is not None
        assert ack.denied.message == "Not accepted: The disk is full."
        assert await refused(desk, 2) is DenialCode.JOURNAL_TAIL_LOST


@jumping
async def test_a_busy_journal_denies_before_anything_is_recorded() -> None:
    async with rig() as desk:
        desk.journal.busy = "Another program keeps the journal locked."
        rows = len(desk.journal.rows)
        assert await refused(desk, 1) is DenialCode.JOURNAL_BUSY
        assert not [row for row in desk.journal.rows[rows:] if isinstance(row, Intent)]
        desk.journal.busy = ""
        assert (await desk.place(buy(2))).ok


@jumping
async def test_an_order_that_the_journal_took_too_late_is_never_sent() -> None:
    async with rig() as desk:
        desk.journal.late = JournalBusyError("The disk took 31 s. Send it again.")
        assert await refused(desk, 1) is DenialCode.JOURNAL_BUSY
        assert desk.order(1).state is OrderState.DENIED
        desk.journal.late = None
        await settle()
        assert desk.broker.placed == []
        assert (await desk.place(buy(2))).ok
        assert len(desk.broker.placed) == 1


@jumping
async def test_a_journal_that_can_only_be_looked_at_halts_from_the_start() -> None:
    async with rig(ready=False) as desk:
        desk.journal.failure = "View only, no order can leave: the folder is read-only."
        desk.service.recover()
        assert desk.snapshot.trading_state is TradingState.HALTED
        assert "View only" in desk.told(Severity.ALARM)[-1]
