"""The box in which a script that was stopped is let go on: its name, judged by core."""

from __future__ import annotations

from textual.widgets import Static

from core.domain.commands import Ack, Denial, DenialCode, EnableScript
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tests.tui.fake_desk import FakeDesk
from tui.screens.enable_script import EnableScriptScreen


async def asked(desk: Desk) -> EnableScriptScreen:
    """The box, opened as the palette opens it."""
    await desk.app.run_action("app.enable_script")
    await desk.until(lambda: isinstance(desk.app.screen, EnableScriptScreen))
    screen = desk.app.screen
    assert isinstance(screen, EnableScriptScreen)
    return screen


async def test_the_name_is_sent_and_nothing_without_one() -> None:
    async with desk_on(sample.SNAPSHOT) as desk:
        await asked(desk)
        await desk.pilot.press("enter")
        assert desk.core.sent == []
        await desk.pilot.press(*"runner", "enter")
        await desk.until(lambda: not isinstance(desk.app.screen, EnableScriptScreen))

        assert desk.core.sent == [EnableScript(script="runner")]


async def test_a_refusal_says_which_scripts_are_disabled() -> None:
    text = "No script 'run' is disabled. Disabled: runner. Type its name as it stands there."
    denied = Ack(ok=False, denied=Denial(code=DenialCode.NOTHING_TO_CHANGE, message=text))
    async with desk_on(FakeDesk(sample.SNAPSHOT, answer=lambda _: denied)) as desk:
        screen = await asked(desk)
        await desk.pilot.press(*"run", "enter")
        await desk.until(lambda: "Disabled: runner." in str(screen.query_one("#said", Static).content))
