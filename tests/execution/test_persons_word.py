"""What a person alone may say, at a desk, in profiles that ask for no phrase too."""

from __future__ import annotations

import pytest

from core.domain.commands import AcceptTailLoss, CloseAll, Command, DenialCode, Kill, Resume, SettleOrder, Verdict
from core.domain.connection import Mode
from core.domain.trading import KillScope
from tests.execution.clockwork import jumping
from tests.execution.reports import ref
from tests.execution.rig import rig


@pytest.mark.parametrize("mode", [Mode.PRACTICE, Mode.PAPER])
@jumping
async def test_no_profile_takes_a_persons_own_word_from_a_script(mode: Mode) -> None:
    async with rig(mode=mode) as desk:
        assert (await desk.send(Kill(scope=KillScope.EVERYTHING), "script-3")).ok, "anybody may pull it"
        wanted: list[Command] = [
            Resume(),
            CloseAll(),
            AcceptTailLoss(),
            SettleOrder(order_ref=ref(1), verdict=Verdict.NOT_PLACED),
        ]
        for command in wanted:
            refused = await desk.send(command, "script-3")
            assert refused.denied is not None
            assert refused.denied.code is DenialCode.BAD_COMMAND
            assert refused.denied.message == (
                "This is a person's own word, not that of script-3. Nothing has changed. Say it at a desk."
            )
        assert desk.snapshot.killed is not None

        assert (await desk.send(Resume(), "desk-1")).ok
        assert desk.snapshot.killed is None
