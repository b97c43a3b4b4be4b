"""The kill switch and the daily loss limit while everything else goes wrong: asserted on the ledger and on the wire."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from core.domain.commands import DenialCode, Kill, Resume
from core.domain.connection import LinkState
from core.domain.events import TradingState
from core.domain.orders import OrderState, Side
from core.domain.trading import Cause, KillScope
from tests.faults.disk import FULL
from tests.faults.wire import CANCEL, How
from tests.faults.world import STILL, Core, World, WorldOptions, world
from tests.warp.loop import warp_loop, warping
from tests.warp.session import busiest_second

_S = OrderState
EVERYTHING = "58"
BURST = 60
PACE = 45
MOST = 50
"""Messages in a second at which IBKR drops a client."""


def open_at_gateway(made: World) -> int:
    """Orders that the gateway still works."""
    return len(list(made.gateway.ledger.live_orders()))


async def cut_off(made: World) -> None:
    """Take the gateway away until the wire is let through again."""
    made.wire.refuses = True
    made.wire.cut(How.RST)
    await made.now.until(lambda s: s.connection.state is not LinkState.READY)


async def kill(core: Core, scope: KillScope = KillScope.ENTRIES) -> None:
    """Pull it as a desk does."""
    assert (await core.service.execute(Kill(scope=scope), "desk-1")).ok
    assert core.snapshot.trading_state is TradingState.HALTED


async def refused(core: Core) -> None:
    """A new order is denied before anything of it is recorded."""
    ack = await core.place(core.request())
    assert ack.denied is not None
    assert ack.denied.code is DenialCode.HALTED


async def working(core: Core, count: int) -> list[str]:
    """Entries far from the market."""
    requests = [core.request(away=30 + number % 5) for number in range(count)]
    for request in requests:
        await core.place(request)
    for request in requests:
        await core.until_state(request.order_ref, _S.WORKING)
    return [request.order_ref for request in requests]


async def all_ended(core: Core, refs: list[str]) -> None:
    """Wait until none of the orders may fill any more."""
    await core.until(lambda s: not any(o.is_live for o in s.orders if o.order_ref in refs))


@pytest.mark.row(66)
@warping
async def test_a_kill_in_a_burst_lets_no_further_order_out_and_cancels_what_has_left() -> None:
    async with world(STILL) as made:
        core = made.now
        requests = [core.request(away=30) for _ in range(BURST)]
        placing = [asyncio.ensure_future(core.place(request)) for request in requests]
        await asyncio.gather(*placing[: BURST - 5])
        left, pulled = len(made.wire.placements()), warp_loop().time()
        assert 0 < left < BURST

        ack = core.service.kill(Kill(), "desk-1")

        assert ack.ok, "in this very turn of the loop"
        assert core.snapshot.trading_state is TradingState.HALTED
        await asyncio.gather(*placing)
        await refused(core)
        await all_ended(core, [request.order_ref for request in requests])
        await made.settle(10)
        assert len(made.wire.placements()) == left, "neither recorded nor queued orders leave after it"
        assert open_at_gateway(made) == 0
        assert made.wire.sent(CANCEL)[0].at - pulled < 0.1
        assert busiest_second(frame.at for frame in made.wire.frames) <= MOST
        await made.watch.check_converged()


@pytest.mark.row(66)
@pytest.mark.parametrize("scope", list(KillScope))
@warping
async def test_a_kill_while_disconnected_blocks_at_once_and_cancels_on_the_new_connection(scope: KillScope) -> None:
    async with world(STILL) as made:
        core = made.now
        refs = await working(core, 8)
        await cut_off(made)
        await kill(core, scope)
        assert core.snapshot.killed is not None
        assert "not sent" in core.snapshot.killed.problem
        assert not made.wire.sent(CANCEL)
        await asyncio.sleep(30)

        made.wire.refuses = False
        await all_ended(core, refs)
        await core.until(lambda s: s.connection.can_trade)

        assert open_at_gateway(made) == 0
        assert len(made.wire.sent(EVERYTHING)) == (scope is KillScope.EVERYTHING)
        await refused(core)
        await made.settle()
        await made.watch.check_converged()


@pytest.mark.row(66)
@pytest.mark.parametrize("connected", [False, True])
@warping
async def test_a_kill_survives_a_crash_of_core_and_cancels_after_the_restart(connected: bool) -> None:
    async with world(STILL) as made:
        core = made.now
        refs = await working(core, 5)
        await cut_off(made)
        await kill(core)
        await asyncio.sleep(1)
        await made.crash()
        made.wire.refuses = not connected

        again = await made.start()
        assert again.snapshot.trading_state is TradingState.HALTED
        await refused(again)
        made.wire.refuses = False
        await all_ended(again, refs)
        assert open_at_gateway(made) == 0
        assert len(made.wire.placements()) == len(refs)

        assert (await again.service.execute(Resume(), "desk-1")).ok
        await again.ready()
        assert (await again.place(again.request(away=30))).ok
        await made.stop()
        last = await made.start()
        assert last.snapshot.trading_state is TradingState.ACTIVE, "what was ended does not come back"
        await last.ready()


@pytest.mark.row(66)
@warping
async def test_a_kill_with_a_full_disk_blocks_cancels_and_outlives_the_run_by_its_mark() -> None:
    async with world(STILL) as made:
        core = made.now
        refs = await working(core, 5)
        made.disk.failure = FULL
        await kill(core)
        await all_ended(core, refs)
        assert open_at_gateway(made) == 0
        await refused(core)
        await core.until(lambda _: core.journal.failure != "")
        assert Cause.KILL in {block.cause for block in core.service._state.blocks.values()}
        await made.crash()

        again = await made.start()
        assert again.snapshot.trading_state is TradingState.HALTED
        assert again.snapshot.killed is not None
        await again.until(lambda s: s.connection.can_trade)
        await refused(again)
        assert open_at_gateway(made) == 0


@pytest.mark.row(66)
@warping
async def test_a_kill_while_the_books_are_read_waits_for_no_book() -> None:
    async with world(STILL) as made:
        core = made.now
        refs = await working(core, 5)
        made.wire.cut()
        await core.until(lambda s: s.connection.state is LinkState.SYNCING)
        at = warp_loop().time()
        await kill(core)
        await all_ended(core, refs)
        assert made.wire.sent(CANCEL)[0].at - at < 0.1
        assert open_at_gateway(made) == 0
        await core.until(lambda s: s.connection.can_trade)
        await refused(core)


@pytest.mark.row(66)
@warping
async def test_a_kill_spares_what_protects_a_position_until_told_otherwise() -> None:
    async with world(STILL) as made:
        core = made.now
        await core.placed(core.request(100), _S.FILLED)
        await core.until(lambda s: bool(s.positions) and any(p.quantity == 100 for p in s.positions or ()))
        exits = [core.request(size, Side.SELL, away=30) for size in (100, 60, 101)]
        for request in exits:
            await core.place(request)
            await core.until_state(request.order_ref, _S.WORKING)
        (other,) = await working(core, 1)

        await kill(core)
        await all_ended(core, [other, exits[2].order_ref])
        await made.settle()
        assert open_at_gateway(made) == 2, "100 and 60 of 100 only reduce, 101 would open"
        killed = core.snapshot.killed
        assert killed is not None
        assert set(killed.kept) == {exits[0].order_ref, exits[1].order_ref}

        await kill(core, KillScope.OURS)
        await all_ended(core, [request.order_ref for request in exits])
        assert open_at_gateway(made) == 0


@pytest.mark.row(66)
@warping
async def test_a_kill_behind_a_flood_of_requests_cancels_at_once_and_keeps_the_pace() -> None:
    async with world(STILL) as made:
        core = made.now
        refs = await working(core, 200)
        async with core.flooded():
            at = warp_loop().time()
            await kill(core)
            await all_ended(core, refs)
            sent = [frame.at - at for frame in made.wire.sent(CANCEL)]
            assert len(sent) == 200
            assert sent[0] < 0.1
            assert sent[-1] < 200 / 40, "at least 40 a second"
            assert open_at_gateway(made) == 0
            assert busiest_second(frame.at for frame in made.wire.frames) <= MOST


@pytest.mark.row(66)
@warping
async def test_everything_is_the_second_step_and_waits_behind_no_burst_of_cancels() -> None:
    async with world(WorldOptions(moves=False, pace=PACE)) as made:
        core = made.now
        refs = await working(core, 90)
        await asyncio.sleep(2)
        at = warp_loop().time()
        await kill(core, KillScope.EVERYTHING)
        await all_ended(core, refs)
        (everything,) = made.wire.sent(EVERYTHING)
        assert everything.at - at < 0.1
        assert made.wire.sent(CANCEL)[0].at <= everything.at
        await made.settle()
        assert open_at_gateway(made) == 0
        assert busiest_second(frame.at for frame in made.wire.frames) <= MOST


@pytest.mark.row(72)
@warping
async def test_what_opens_and_waits_for_its_turn_does_not_leave_once_only_reducing_orders_do() -> None:
    async with world(STILL) as made:
        core = made.now
        await core.placed(core.request(100), _S.FILLED)
        await core.until(lambda s: any(p.quantity == 100 for p in s.positions or ()))
        opening = [core.request(away=30) for _ in range(BURST)]
        await asyncio.gather(*(core.place(request) for request in opening))
        exit_ = core.request(100, Side.SELL, away=30)
        assert (await core.place(exit_)).ok
        left = len(made.wire.placements())
        assert left < BURST

        core.service._halting.reduce("OVERFILL: 3 too many.")

        await core.until_state(exit_.order_ref, _S.WORKING)
        await made.settle(10)
        assert len(made.wire.placements()) == left + 1, "the exit alone"
        await made.watch.check_converged()


LOSS = Decimal(100)


async def fallen(made: World, con_id: int, cost: Decimal) -> None:
    """Let the gateway's market move until 1,000 shares bought at `cost` have lost more than the limit."""
    quote = made.gateway.hub.market.quotes[con_id]
    for _ in range(20_000):
        if (cost - quote.mark) * 1000 > 2 * LOSS:
            return
        made.gateway.hub.advance()
    raise AssertionError("the market never fell")


async def opens_nothing(core: Core) -> None:
    """Whatever is known of the day's profit, nothing that opens may leave."""
    ack = await core.place(core.request(10, away=30))
    assert ack.denied is not None
    assert ack.denied.code in (DenialCode.DAILY_LOSS, DenialCode.REDUCING, DenialCode.NOT_CONNECTED)


@pytest.mark.row(72)
@pytest.mark.parametrize("restarts_before", [False, True])
@warping
async def test_a_daily_loss_reached_while_disconnected_reduces_and_goes_on_over_a_restart(
    restarts_before: bool,
) -> None:
    async with world(WorldOptions(moves=False, daily_loss=LOSS)) as made:
        core = made.now
        await core.until(lambda _: not core.service._state.loss_unknown)
        bought = await core.placed(core.request(1000), _S.FILLED)
        assert bought.average_price is not None
        await asyncio.sleep(2)
        assert core.snapshot.trading_state is TradingState.ACTIVE
        await cut_off(made)
        await fallen(made, bought.con_id, bought.average_price)
        if restarts_before:
            await made.crash()
            core = await made.start()
        left = len(made.wire.placements())
        made.wire.refuses = False

        await core.until(lambda s: s.connection.can_trade and bool(s.quotes))
        await opens_nothing(core)
        await core.until(lambda s: s.trading_state is TradingState.REDUCING)
        await opens_nothing(core)
        assert (await core.service.execute(Resume(), "desk-1")).denied is not None, "a word does not end it"
        await asyncio.sleep(1)
        made.wire.refuses = True
        await made.crash()

        again = await made.start()
        assert again.snapshot.trading_state is TradingState.REDUCING, "before anything is connected"
        made.wire.refuses = False
        await again.ready()
        assert again.snapshot.trading_state is TradingState.REDUCING
        await opens_nothing(again)
        assert len(made.wire.placements()) == left, "nothing that opens has left"
        assert (await again.place(again.request(1001, Side.SELL))).denied is not None, "it would cross zero"
        exit_ = again.request(400, Side.SELL)
        assert (await again.place(exit_)).ok
        await again.until_state(exit_.order_ref, _S.FILLED)
        assert len(made.wire.placements()) == left + 1
