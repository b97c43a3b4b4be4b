"""Control 28 of a live profile: its limits are changed at a confirmed desk alone, whichever way."""

from __future__ import annotations

from core.domain.authority import ConfirmLive
from core.domain.commands import DenialCode
from core.domain.connection import Mode
from core.domain.limit_changes import ReadLimits, SetLimit
from tests.execution.clockwork import jumping
from tests.execution.rig import rig
from tests.execution.test_limit_keeper import VALUE, code, given, limit, loosen


@jumping
async def test_a_live_profile_gets_looser_and_tighter_from_a_confirmed_desk_alone() -> None:
    source = given(order_value=VALUE)
    async with rig(mode=Mode.LIVE, account="U1234567", limits=source, ready=False) as desk:
        tighter = SetLimit(name="order_value", value="5")
        assert code(await desk.send(loosen("30000"))) is DenialCode.LIVE_NOT_CONFIRMED
        assert code(await desk.send(tighter)) is DenialCode.LIVE_NOT_CONFIRMED
        assert code(await desk.send(tighter, "script")) is DenialCode.LIVE_NOT_CONFIRMED
        assert (await desk.send(ReadLimits(), "script")).ok, "the files say nothing new"
        source.said["order_value"] = "5"
        assert code(await desk.send(ReadLimits(), "script")) is DenialCode.LIVE_NOT_CONFIRMED
        assert (await limit(desk, "order_value")).value == str(VALUE)

        assert (await desk.send(ConfirmLive(phrase="trade live 567"), "desk-1")).ok
        assert (await desk.send(ReadLimits(), "desk-1")).ok
        assert (await limit(desk, "order_value")).value == "5"
        assert (await desk.send(SetLimit(name="order_value", value="4"), "desk-1")).ok
