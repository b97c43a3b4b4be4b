"""Commands are declared once: bindings, key row and help agree, and a user's keys reach all of them."""

from __future__ import annotations

import pytest
from textual.fuzzy import Matcher

from tests.tui import sample
from tests.tui.desk_pilot import desk_on, until
from tests.tui.fake_desk import FakeDesk
from tui import commands
from tui.app import DeskApp
from tui.hands.keys import PANES, TICKET
from tui.keymap import bindings, footer, keys_of, show_key
from tui.screens.desk import DeskScreen
from tui.screens.keys import HELP_CELLS, KEY_CELLS, KeysScreen, cheat_sheet

ALL = (*commands.DESK, *PANES, *TICKET)
(BUY,) = [command for command in commands.DESK if command.id == "ticket.buy"]


def test_ids_are_unique() -> None:
    assert len({command.id for command in ALL}) == len(ALL)


def test_no_key_of_the_desk_is_given_twice() -> None:
    keys = [key for command in (*commands.DESK, *PANES) for key in command.keys.split(",") if key]

    assert len(set(keys)) == len(keys)


def test_keys_that_terminals_own_stay_unbound() -> None:
    taken = {key for command in ALL for key in command.keys.split(",")}

    assert not taken & {"f10", "f11", "f12", "ctrl+c", "ctrl+s", "ctrl+m", "ctrl+i", "ctrl+j", "ctrl+h", "ctrl+a"}
    assert not any(key.startswith(("alt+", "shift+f")) for key in taken)


def test_every_binding_has_the_id_of_its_command() -> None:
    (binding,) = bindings([BUY])

    assert (binding.id, binding.key, binding.action) == ("ticket.buy", "b", "ticket('buy')")


def test_every_action_exists() -> None:
    for command in (*commands.DESK, *PANES):
        name = command.action.partition("(")[0]
        owner: type[object] = DeskApp if name.startswith("app.") else DeskScreen
        assert hasattr(owner, f"action_{name.removeprefix('app.')}"), command.id


def test_keys_are_shown_as_people_write_them() -> None:
    assert [show_key(key) for key in ("b", "slash", "question_mark", "ctrl+q", "f4", "escape", "delete")] == [
        "b",
        "/",
        "?",
        "^Q",
        "F4",
        "Esc",
        "Del",
    ]


@pytest.mark.parametrize(
    ("word", "id"),
    [
        ("arm", "desk.arm"),
        ("grant", "desk.grant"),
        ("limits", "desk.limits"),
        ("health", "desk.health"),
        ("costs", "desk.costs"),
        ("alerts", "desk.alerts"),
        ("price alert", "desk.price_alert"),
        ("resume", "desk.resume"),
        ("reconnect", "desk.reconnect"),
        ("theme", "desk.theme"),
        ("kill", "desk.kill"),
        ("quit", "desk.quit"),
    ],
)
def test_the_word_that_people_are_told_finds_its_command_first(word: str, id: str) -> None:
    matcher = Matcher(word)
    found = max((one for one in ALL if one.palette), key=lambda one: matcher.match(one.help))

    assert (found.id, matcher.match(found.help) > 0) == (id, True)


def test_the_cheat_sheet_writes_keys_as_people_do_and_words_beside_them() -> None:
    sheet = cheat_sheet({}).plain
    lines = sheet.splitlines()

    assert not any(name in sheet for name in ("plus", "equals_sign", "minus", "pageup", "shift+tab"))
    assert "  + =         One size step up" in lines
    assert "  ↑ k         Row up" in lines
    assert max(map(len, lines)) <= 2 + KEY_CELLS + HELP_CELLS
    assert all(line[: 2 + KEY_CELLS].strip() or line[2 + KEY_CELLS :].strip() for line in lines if line)
    assert "              protects a position" in lines


def test_key_row_joins_neighbours_with_the_same_word() -> None:
    pairs = footer(commands.DESK, {}, wide=False)

    assert pairs[:3] == [("b n", "buy"), ("s d", "sell"), ("x", "close")]
    assert ("w", "pane") not in pairs
    assert ("w", "pane") in footer(commands.DESK, {}, wide=True)


def test_a_users_key_takes_the_place_of_the_default() -> None:
    assert keys_of(BUY, {"ticket.buy": "f5,b"}) == ("F5", "b")
    assert footer(commands.DESK, {"ticket.buy": "f5"}, wide=False)[0] == ("F5 n", "buy")


async def test_a_users_key_works_and_the_default_does_not() -> None:
    app = DeskApp(FakeDesk().connect, keymap={"help.keys": "f1"}, utc=lambda: sample.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.replica.is_loaded and isinstance(app.screen, DeskScreen))
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, DeskScreen)

        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))


async def test_textuals_own_keys_are_not_in_the_way() -> None:
    async with desk_on() as desk:
        assert not any(active.binding.action == "help_quit" for active in desk.app.active_bindings.values())
