"""Armed mode at the desk, and the box in which a person lets a script trade live."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from textual.events import Key, Paste
from textual.widgets import Input

from core.domain.authority import Arm, Armed, AtDesk, Authority, Disarm, EndGrant, Grant, GrantLive
from core.domain.commands import Ack, Command, Denial, DenialCode
from core.domain.connection import Mode
from core.domain.events import AuthorityUpdated
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tests.tui.fake_desk import NAME, FakeDesk
from tui.panes.ticket_pane import TicketPane
from tui.screens.arm import ArmScreen, GrantScreen

PAPER = sample.in_mode(sample.SNAPSHOT, Mode.PAPER)
LIVE = sample.in_mode(sample.SNAPSHOT, Mode.LIVE)
WRONG = 'That is not the phrase for U…456. Type "trade live 456" to trade live, or Esc to stay unconnected.'
ON = AuthorityUpdated(authority=Authority(armed=Armed(client=NAME, until=sample.NOW + timedelta(minutes=10))))
OFF = AuthorityUpdated(authority=Authority())


def judge(command: Command) -> Ack:
    """Answers to the phrase as core does."""
    if isinstance(command, Arm | GrantLive) and command.phrase != "trade live 456":
        return Ack(ok=False, denied=Denial(code=DenialCode.LIVE_NOT_CONFIRMED, message=WRONG))
    return Ack(ok=True)


async def arm(desk: Desk) -> None:
    """From the palette; core says that it is done."""
    await desk.app.run_action("app.arm", desk.screen)
    await desk.until(lambda: Arm() in desk.core.sent)
    desk.core.emit(ON)
    await desk.until(lambda: "ARMED 10:00" in desk.lines()[0])


async def test_paper_is_armed_from_the_palette_and_disarmed_by_escape() -> None:
    async with desk_on(PAPER) as desk:
        assert "CONFIRM" in desk.lines()[0]
        await arm(desk)
        assert "CONFIRM" not in desk.lines()[0]
        assert desk.screen.query_one(TicketPane).has_class("-armed")

        await desk.pilot.press("escape")
        await desk.until(lambda: Disarm() in desk.core.sent)
        desk.core.emit(OFF)
        await desk.until(lambda: "CONFIRM" in desk.lines()[0])
        assert not desk.screen.query_one(TicketPane).has_class("-armed")


async def test_escape_in_a_ticket_leaves_the_ticket_first() -> None:
    async with desk_on(PAPER) as desk:
        await arm(desk)
        await desk.pilot.press("b")
        await desk.until(lambda: desk.screen.order_entry.has_keys)
        await desk.pilot.press("escape")
        await desk.until(lambda: not desk.screen.order_entry.has_keys)
        assert Disarm() not in desk.core.sent
        await desk.pilot.press("escape")
        await desk.until(lambda: Disarm() in desk.core.sent)


async def test_escape_before_core_has_answered_disarms_too() -> None:
    async with desk_on(PAPER) as desk:
        await desk.app.run_action("app.arm", desk.screen)
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.core.sent[-1:] == [Disarm()])


async def test_escape_says_nothing_to_core_at_a_desk_that_is_not_armed() -> None:
    async with desk_on(PAPER) as desk:
        await desk.pilot.press("escape", "escape")
        await desk.pilot.pause()
        assert desk.core.sent == []


@pytest.mark.parametrize("way", ["paste", "bnsd", "1234"])
async def test_what_is_dropped_disarms(way: str) -> None:
    async with desk_on(PAPER) as desk:
        await arm(desk)
        if way == "paste":
            desk.screen.post_message(Paste("n\n"))
        else:
            for key in way:
                pressed = Key(key, key)
                pressed.time = 1000.0
                desk.app.post_message(pressed)
        await desk.until(lambda: Disarm() in desk.core.sent)


async def test_keys_keep_it_and_core_hears_of_them_now_and_then() -> None:
    async with desk_on(PAPER) as desk:
        await desk.pilot.press("down")
        await arm(desk)
        assert AtDesk() not in desk.core.sent
        await desk.pilot.press("down", "up", "down")
        await desk.until(lambda: AtDesk() in desk.core.sent)
        await desk.pilot.press("down", "up", "down")
        await desk.pilot.pause()
        assert desk.core.sent.count(AtDesk()) == 1


@pytest.mark.parametrize(
    "armed",
    [
        Armed(client="desk-2", until=sample.NOW + timedelta(minutes=1)),
        Armed(client=NAME, until=sample.NOW),
        Armed(client=NAME, until=sample.NOW - timedelta(seconds=1)),
    ],
)
async def test_another_desk_or_a_time_that_is_over_is_not_armed_here(armed: Armed) -> None:
    async with desk_on(replace(PAPER, authority=Authority(armed=armed))) as desk:
        assert "CONFIRM" in desk.lines()[0]
        await desk.pilot.press("down")
        await desk.pilot.pause()
        assert desk.core.sent == []


async def test_a_lost_core_has_armed_nobody() -> None:
    async with desk_on(PAPER) as desk:
        await arm(desk)
        desk.core.lose()
        await desk.until(lambda: "CONFIRM" in desk.lines()[0])


async def test_live_takes_the_phrase_again() -> None:
    async with desk_on(FakeDesk(LIVE, answer=judge)) as desk:
        await desk.app.run_action("app.arm", desk.screen)
        await desk.until(lambda: isinstance(desk.app.screen, ArmScreen))
        assert "LIVE account U…456. Type the live phrase again" in desk.words()
        assert desk.core.sent == []

        await desk.pilot.press(*"trade live 457", "enter")
        await desk.until(lambda: "That is not the phrase for U…456." in desk.words())
        await desk.pilot.press(*"trade live 456", "enter")
        await desk.until(lambda: desk.app.screen is desk.screen)
        assert desk.core.sent == [Arm(phrase="trade live 457"), Arm(phrase="trade live 456")]


async def test_a_script_is_granted_and_ended_by_its_name() -> None:
    others = Authority(others=("script-3", "my tool-4"))
    async with desk_on(FakeDesk(replace(LIVE, authority=others), answer=judge)) as desk:
        await desk.app.run_action("app.grant", desk.screen)
        await desk.until(lambda: isinstance(desk.app.screen, GrantScreen))
        assert "script-3: may not trade" in desk.words()

        await desk.pilot.press(*"trade live 456 script-3", "enter")
        await desk.until(lambda: GrantLive(client="script-3", phrase="trade live 456") in desk.core.sent)
        grant = Grant(client="script-3", by=NAME, until=sample.NOW + timedelta(minutes=10))
        desk.core.emit(AuthorityUpdated(authority=replace(others, grants=(grant,))))
        await desk.until(lambda: "script-3: may trade (by desk-1), ends 10:41:07 without an order" in desk.words())
        assert "my tool-4: may not trade" in desk.words()

        await desk.pilot.press(*"trade live 457 my tool-4", "enter")
        await desk.until(lambda: "That is not the phrase" in desk.words())
        await desk.pilot.press(*"end script-3", "enter")
        await desk.until(lambda: EndGrant(client="script-3") in desk.core.sent)
        await desk.pilot.press(*"script-3", "enter")
        await desk.until(lambda: desk.app.screen.query_one(Input).value == "")
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.app.screen is desk.screen)
        assert desk.core.sent == [
            GrantLive(client="script-3", phrase="trade live 456"),
            GrantLive(client="my tool-4", phrase="trade live 457"),
            EndGrant(client="script-3"),
        ]


async def test_there_is_nothing_to_grant_on_paper() -> None:
    async with desk_on(PAPER) as desk:
        await desk.app.run_action("app.grant", desk.screen)
        await desk.until(lambda: "Nothing to grant: any script may trade in this profile." in desk.words())
        assert desk.app.screen is desk.screen
