"""Closing every position past KILL: on the ledger and on the wire, over everything that may stand in its way."""

from __future__ import annotations

import pytest

from core.domain.commands import Ack, CloseAll, DenialCode, Kill, Resume
from core.domain.events import TradingState
from core.domain.orders import OrderState, OrderType, Side
from tests.faults.world import STILL, Core, World, WorldOptions, world
from tests.warp.loop import warping

_S = OrderState


def held(core: Core) -> dict[int, int]:
    """Units of each contract that is held."""
    return {one.con_id: int(one.quantity) for one in core.snapshot.positions or () if one.quantity}


async def bought(core: Core, quantity: int = 100, symbol: str = "AAPL") -> int:
    """A position; its contract."""
    order = await core.placed(core.request(quantity, symbol=symbol), _S.FILLED)
    await core.until(lambda _: held(core).get(order.con_id) == quantity)
    return order.con_id


async def close_all(core: Core) -> Ack:
    """The word at the panel."""
    return await core.service.execute(CloseAll(), "desk-1")


async def kill(core: Core) -> None:
    """F9."""
    assert (await core.service.execute(Kill(), "desk-1")).ok


def open_at_gateway(made: World) -> int:
    """Orders that the gateway still works."""
    return len(list(made.gateway.ledger.live_orders()))


@warping
async def test_it_cancels_what_protects_and_closes_every_position_while_kill_holds() -> None:
    async with world(WorldOptions(moves=False, symbols=("AAPL", "TSLA"))) as made:
        core = made.now
        con_ids = [await bought(core, 100, symbol) for symbol in ("AAPL", "TSLA")]
        target = core.request(100, Side.SELL, away=30)
        await core.placed(target, _S.WORKING)
        await kill(core)
        assert core.order(target.order_ref).is_live, "it only reduces"

        ack = await close_all(core)

        assert ack.ok, ack.denied
        await core.until(lambda _: not held(core))
        killed = core.snapshot.killed
        assert killed is not None
        closing = [core.order(ref) for ref in killed.closing]
        assert sorted(order.con_id for order in closing) == sorted(con_ids)
        assert {(o.side, int(o.quantity), o.state, o.order_type) for o in closing} == {
            (Side.SELL, 100, _S.FILLED, OrderType.LMT)
        }
        assert core.order(target.order_ref).state is _S.CANCELLED
        assert core.snapshot.trading_state is TradingState.HALTED
        denied = (await core.place(core.request())).denied
        assert denied is not None
        assert denied.code is DenialCode.HALTED
        await made.settle(5)
        assert not held(core), "nothing was turned"
        assert open_at_gateway(made) == 0
        assert (await core.service.execute(Resume(), "desk-1")).ok
        await made.watch.check_converged()


@warping
async def test_it_belongs_to_kill_alone() -> None:
    async with world(STILL) as made:
        core = made.now
        await bought(core)
        denied = (await close_all(core)).denied
        assert denied is not None
        assert "Press F9 first" in denied.message
        await kill(core)
        made.wire.refuses = True
        made.wire.cut()
        await core.until(lambda s: not s.connection.accounts)
        denied = (await close_all(core)).denied
        assert denied is not None
        assert denied.code is DenialCode.NOT_CONNECTED
        assert len(made.wire.placements()) == 1


@warping
async def test_what_is_larger_than_one_order_may_be_is_closed_in_parts_one_after_the_other() -> None:
    async with world(STILL) as made:
        core = made.now
        await bought(core, 1000)
        core.service._state.limits = core.service._state.limits.changed("order_quantity", "300")
        await kill(core)
        assert (await close_all(core)).ok
        await core.until(lambda _: not held(core))
        killed = core.snapshot.killed
        assert killed is not None
        sizes = [core.order(ref).quantity for ref in killed.closing]
        assert sum(sizes) == 1000
        assert max(sizes) <= 300


@warping
async def test_without_a_live_quote_it_closes_at_the_market_and_says_so() -> None:
    async with world(STILL) as made:
        core = made.now
        con_id = await bought(core)
        await kill(core)
        core.service._publish_quotes(core.service._feed.mark_stale())
        assert (await close_all(core)).ok
        await core.until(lambda _: not held(core))
        (order,) = [one for one in core.snapshot.orders if one.side is Side.SELL]
        assert (order.con_id, order.order_type, order.state) == (con_id, OrderType.MKT, _S.FILLED)
        assert any("has no live quote: it is closed at the market" in one.text for one in core.snapshot.incidents)


@pytest.mark.row(66)
@warping
async def test_a_crash_of_core_ends_it_and_kill_holds() -> None:
    async with world(STILL) as made:
        core = made.now
        await bought(core)
        await kill(core)
        assert (await close_all(core)).ok
        await made.crash()
        again = await made.start()
        await again.until(lambda s: s.connection.can_trade)
        assert again.snapshot.trading_state is TradingState.HALTED
        await made.settle(5)
        assert len(made.wire.placements()) == 1, "a person has to ask again"
        assert (await close_all(again)).ok
        await again.until(lambda _: not held(again))
