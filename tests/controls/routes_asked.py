"""Ways round the live guard by what a client asks of a core, by a call inside of it, and by what a journal holds."""

from __future__ import annotations

import asyncio
import shutil
from decimal import Decimal

from msgspec.structs import replace

from core.bootstrap.serve import RunOptions, assemble, ib_broker
from core.clock import LoopClock
from core.domain.authority import EndGrant, GrantLive
from core.domain.commands import CancelOrder, DenialCode, Kill, PlaceOrder, PreviewOrder
from core.domain.connection import Endpoint, LinkState, Mode
from core.domain.limits import Limits
from core.domain.orders import OrderState, Side
from core.domain.trading import KillScope
from core.errors import LiveGuardError
from core.ids import mint_ulid
from core.risk.live_guard import LiveConfirmation, permit
from tests.controls.stage import (
    LIVE,
    OTHER_LIVE,
    PHRASE,
    Stage,
    claims,
    confirmed,
    denied,
    order,
    placed,
    stuck,
    tried,
    wishes,
)
from tests.core_process import CoreProcess
from tests.limits import FixedLimits
from tests.processes.orders import order_in
from tests.requests import below_bid, request_for
from tests.warp.parts import Found

SCRIPT, DESK = "script", "desk"


async def script(stage: Stage) -> str:
    """A script at a core whose desk is confirmed and connected."""
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk, await stage.attach(SCRIPT) as other:
        await confirmed(desk)
        await other.ready()
        return await tried(other, [*claims(other), *wishes(other)])


async def other_name(stage: Stage) -> str:
    """A script whose name begins like that of one that was granted, or like a desk's."""
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk, await stage.attach(SCRIPT) as granted:
        await confirmed(desk)
        assert (await desk.send(GrantLive(client=granted.client.name, phrase=PHRASE))).ok
        said = []
        for name in (SCRIPT, f"{granted.client.name}", "desk-1", "desks"):
            async with await stage.attach(name) as other:
                await other.ready()
                said.append(await tried(other, [*claims(other)[1:3], *wishes(other)]))
        return " / ".join(said)


async def second_desk(stage: Stage) -> str:
    """Another desk at which nobody has typed the phrase."""
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk, await stage.attach(DESK) as other:
        await confirmed(desk)
        await other.ready()
        return await tried(other, [*claims(other)[1:], *wishes(other)])


async def grant_over(stage: Stage) -> str:
    """A script whose grant a person has ended, and one whose desk has gone."""
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk, await stage.attach(SCRIPT) as other:
        await confirmed(desk)
        name = other.client.name
        assert (await desk.send(GrantLive(client=name, phrase=PHRASE))).ok
        assert (await desk.send(EndGrant(client=name))).ok
        ended = await tried(other, wishes(other))
        assert (await desk.send(GrantLive(client=name, phrase=PHRASE))).ok
        await desk.close()
        await other.until(lambda snapshot: not snapshot.authority.grants)
        return f"{ended} / {await tried(other, wishes(other))}"


async def confirmed_before(stage: Stage) -> str:
    """A desk that had confirmed an earlier connection."""
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk:
        await confirmed(desk)
        stage.proxy.cut()
        state = await stuck(desk)
        return f"{state}: {await tried(desk, wishes(desk))}"


async def direct_call(stage: Stage) -> str:
    """The service is called inside of core's own process, and so is what makes permits."""
    await stage.play()
    folder, endpoint = stage.home.folder / "direct", Endpoint("127.0.0.1", stage.port)
    folder.mkdir(mode=0o700)
    options = RunOptions(
        session=mint_ulid(),
        profile="live",
        mode=Mode.LIVE,
        endpoint=endpoint,
        client_id=17,
        account=LIVE,
        timeout=5.0,
        read_only=False,
        symbols=("AAPL",),
        limits=FixedLimits(Limits()),
        pace=45,
        journal=folder / "journal.db",
        socket=folder / "core.sock",
    )
    parts = await assemble(options, Found(stage.port), LoopClock(), ib_broker)
    running = asyncio.create_task(parts.service.run())
    try:
        codes: dict[DenialCode, None] = {}
        for client in ("", "desk", "desk-1", "script-1"):
            ack = await parts.service.execute(order(parts.service.instance), client)
            codes[denied(ack)] = None
        for other in (None, LiveConfirmation(OTHER_LIVE, "trade live 999")):
            try:
                permit(endpoint, Mode.LIVE, LIVE, other, read_only=False)
            except LiveGuardError:
                continue
            raise AssertionError("a permit was given")
        return ", ".join(codes)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await parts.service.close()
        await parts.journal.close()


async def replay(stage: Stage) -> str:
    """The journal of a paper profile, with an order in flight whose time is up, is put into the live profile."""
    await stage.play("DU1234567")
    core = await CoreProcess(stage.home, {"port": str(stage.port)}).start()
    async with await core.attach(DESK) as desk:
        await desk.ready_for("AAPL")
        price = below_bid(desk.snapshot, "AAPL", 2)
        request = request_for(desk.snapshot, "AAPL", Side.BUY, 1, price)
        ack = await desk.send(PlaceOrder(request=request, ttl=Decimal(2)))
        assert ack.ok, ack.denied
        await desk.wait(order_in(request.order_ref, OrderState.WORKING))
        core.kill()
    states = stage.home.folder / "state_home" / "ibdesk"
    shutil.copytree(states / "paper", states / "live")
    stage.proxy.frames.clear()
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk:
        await confirmed(desk)
        await desk.until(lambda snapshot: snapshot.reading is not None)
        known = (await desk.client.snapshot()).orders
        assert [one.order_ref for one in known] == [request.order_ref]
        ack = await desk.send(CancelOrder(order_ref=request.order_ref))
        again = await desk.send(PlaceOrder(request=request))
        return f"{known[0].state}: {denied(ack)}, {'the same order' if again.ok else denied(again)}"


async def read_only(stage: Stage) -> str:
    """A read-only live profile, confirmed: orders, what-ifs, cancels and every step of the kill switch."""
    await stage.play()
    stage.live_profile("readonly = true\n")
    async with stage.core(DESK, profile="live") as desk:
        await confirmed(desk)
        codes = await tried(desk, wishes(desk)[:3])
        wanted = order(desk.snapshot.instance)
        assert (await desk.send(PreviewOrder(request=replace(wanted.request, quantity=Decimal(2))))).ok
        for scope in KillScope:
            await desk.send(Kill(scope=scope))
        assert (await desk.client.snapshot()).connection.state is LinkState.READY
        return codes


async def counted(stage: Stage) -> str:
    """No way round: a desk at which a person typed the phrase sends an order, and then a script that it granted."""
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk, await stage.attach(SCRIPT) as other:
        await confirmed(desk)
        await placed(desk, 1)
        await other.ready()
        assert (await desk.send(GrantLive(client=other.client.name, phrase=PHRASE))).ok
        await placed(other, 2)
        return "sent"
