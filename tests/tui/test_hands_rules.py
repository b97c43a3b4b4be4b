"""The rules of the hands, at the whole desk. Each test names its rule."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from random import Random

import pytest
from textual import events

from core.domain.commands import PlaceOrder
from tests.tui import sample
from tests.tui.hands_desk import Hands, desk
from tests.tui.tickers import TICKERS
from tui.hands.bursts import DROPPED
from tui.hands.ticket import OrderTicket
from tui.hands.type_through import WINDOW
from tui.panes.watchlist import WatchlistPane
from tui.screens.desk import DeskScreen
from tui.screens.hands import NOT_LATIN
from tui.screens.symbol_search import SymbolSearch

D = Decimal
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIGNS = ["plus", "equals_sign", "minus", "full_stop", "comma", "space", "asterisk"]


class StampedClock:
    """Loop time is the time stamp of the key that is being handled."""

    def __init__(self) -> None:
        self.time = 0.0
        self.handled = 0

    def now(self) -> float:
        return self.time

    def pressed(self, stamp: float) -> float:
        self.time = max(self.time, stamp)
        self.handled += 1
        return stamp


async def type_stamped(hands: Hands, clock: StampedClock, keys: Iterable[tuple[str, float]]) -> None:
    """Put keys with time stamps into the application, as a terminal does, and wait until all were handled."""
    for name, stamp in keys:
        wanted = clock.handled + 1
        event = events.Key(name, name if len(name) == 1 else None)
        event.time = stamp
        hands.app.post_message(event)
        async with asyncio.timeout(5):
            for _ in range(5000):
                if clock.handled >= wanted:
                    break
                await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)


async def closed(hands: Hands) -> None:
    await hands.until(lambda: isinstance(hands.app.screen, DeskScreen) and hands.entry.ticket is None)


@pytest.mark.parametrize("keys", [list(LETTERS[:13]), list(LETTERS[13:]), [*"0123456789", *SIGNS]])
async def test_rule_1_no_letter_digit_or_sign_sends(keys: list[str]) -> None:
    async with desk() as hands:
        for key in keys:
            await hands.press(key, gap=2)
            assert hands.core.sends == []
            if isinstance(hands.app.screen, SymbolSearch):
                await hands.press("escape")
            await hands.press("escape")
            await closed(hands)


async def test_rule_2_two_letters_undo_the_ticket_and_find_a_symbol() -> None:
    async with desk() as hands:
        await hands.press("b")
        await hands.see("BUY 100 AAPL")
        await hands.press("a", gap=0.1)

        assert hands.search.text == "ba"
        assert hands.entry.ticket is None
        assert hands.entry.drafts == {}


async def test_rule_2_a_late_letter_over_the_untouched_ticket_finds_a_symbol_too() -> None:
    async with desk() as hands:
        await hands.press("s", "p", gap=30)

        assert hands.search.text == "sp"
        assert hands.entry.ticket is None


async def test_rule_2_a_touched_ticket_keeps_its_letters() -> None:
    async with desk() as hands:
        await hands.press("b", "2", "x", "y", gap=0.1)

        ticket = hands.entry.ticket
        assert isinstance(ticket, OrderTicket)
        assert ticket.price_text == "2xy"


async def test_rule_2_an_upper_case_letter_finds_a_symbol() -> None:
    async with desk() as hands:
        await hands.press("B")

        assert hands.search.text == "B"


async def test_rule_2_moves_are_undone() -> None:
    async with desk() as hands:
        await hands.press("j")
        assert hands.screen.focus_con_id == sample.TSLA
        await hands.press("p", gap=0.1)

        assert hands.search.text == "jp"
        await hands.until(lambda: hands.screen.focus_con_id == sample.AAPL)


async def test_rule_2_going_to_another_pane_is_undone() -> None:
    async with desk() as hands:
        before = hands.screen.focused
        await hands.press("w", "m", gap=0.1)

        assert hands.search.text == "wm"
        assert hands.screen.focused is before


async def test_vim_moves_stay_moves() -> None:
    async with desk() as hands:
        await hands.press("j", "j", "j", "k", gap=0.45)
        assert hands.screen.focus_con_id == sample.SPY
        await hands.press("j", gap=0.5)
        await hands.press("j", "j", gap=0.05)
        assert hands.screen.focus_con_id == sample.ES

        assert isinstance(hands.app.screen, DeskScreen)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("pace", [0.02, 0.09, 0.25, 0.39, 0.41, 0.6, 0.9, 3.0, None])
async def test_rule_2_typing_a_ticker_never_sends(pace: float | None) -> None:
    random = Random(f"pace {pace}")
    words = random.sample(TICKERS, 12 if pace is not None else 30)
    # Slow letters are commands: a move or a change of pane, and then a verb of one's own.
    slow = pace is None or pace > WINDOW
    words = [word for word in words if not (slow and word[0] in "jkw")]
    async with desk() as hands:
        clock = StampedClock()
        hands.entry.timing = clock
        now = 10.0
        for word in words:
            keys = []
            for letter in word:
                now += random.choice([0.03, 0.12, 0.38, 0.42, 1.1]) if pace is None else pace
                keys.append((letter, now))
            keys += [("enter", now + 0.3), ("enter", now + 1.2), ("escape", now + 3), ("escape", now + 4)]
            now += 5
            await type_stamped(hands, clock, keys)
            await closed(hands)
            assert hands.core.sends == [], word
        await hands.pilot.pause()


async def test_rule_3_enter_right_after_the_letter_sends_nothing() -> None:
    async with desk() as hands:
        await hands.press("b")
        await hands.press("enter", gap=0.1)

        assert hands.core.sends == []
        assert "had not stood still for 0.15 s" in hands.app.said[-1]


async def test_rule_3_enter_right_after_a_change_sends_nothing() -> None:
    async with desk() as hands:
        await hands.press("b", "up")
        await hands.press("enter", gap=0.1)
        assert hands.core.sends == []

        await hands.press("enter")
        await hands.until(lambda: len(hands.core.sends) == 1)


async def test_rule_3_a_ticket_that_gets_the_focus_back_must_be_read_again() -> None:
    async with desk() as hands:
        await hands.press("b")
        hands.screen.set_focus(hands.screen.query_one(WatchlistPane).grid)
        await hands.pilot.pause()
        await hands.press("enter")
        assert hands.core.sends == []

        hands.clock.time += 10
        hands.screen.set_focus(hands.entry.face)
        await hands.pilot.pause()
        await hands.press("enter", gap=0.1)
        assert hands.core.sends == []
        await hands.press("enter")
        await hands.until(lambda: len(hands.core.sends) == 1)


async def test_rule_4_enter_in_the_panes_sends_nothing() -> None:
    async with desk() as hands:
        for _ in range(4):
            await hands.press("enter", "down", "enter", "w", gap=2)

        assert hands.core.sends == []


async def test_rule_5_a_held_enter_sends_once() -> None:
    async with desk() as hands:
        await hands.press("b", "enter")
        await hands.until(lambda: len(hands.core.sends) == 1)
        for _ in range(10):
            await hands.press("enter", gap=0.03)
        assert len(hands.core.sends) == 1


async def test_rule_5_enter_is_dead_in_the_next_ticket_unless_another_key_came() -> None:
    async with desk() as hands:
        await hands.press("b", "enter")
        await hands.until(lambda: hands.entry.ticket is None and hands.core.sends)
        hands.screen.action_ticket("buy")
        await hands.pilot.pause()
        await hands.press("enter", gap=0.2)
        assert len(hands.core.sends) == 1

        await hands.press("escape", "b", gap=0.1)
        await hands.press("enter", gap=0.2)
        await hands.until(lambda: len(hands.core.sends) == 2)


@pytest.mark.parametrize("text", ["b100\n", "baba\n", "aapl\n", "nnnn", "1234\n", "sell 100 aapl\n"])
async def test_rule_6_a_burst_of_keys_is_dropped(text: str) -> None:
    async with desk() as hands:
        clock = StampedClock()
        hands.entry.timing = clock
        names = {"\n": "enter", " ": "space"}
        keys = [(names.get(character, character), 10 + beat * 0.002) for beat, character in enumerate(text)]
        await type_stamped(hands, clock, keys)
        await closed(hands)

        assert hands.core.sends == []
        assert hands.entry.drafts == {}
        await hands.until(lambda: DROPPED in hands.app.said)


async def test_rule_6_a_paste_in_the_panes_is_dropped() -> None:
    async with desk() as hands:
        await hands.paste("b\n\n100 aapl\n")

        assert hands.core.sends == []
        assert hands.entry.ticket is None
        assert hands.app.said[-1] == "Paste dropped: 12 characters outside a text field. Nothing was sent."


async def test_rule_6_a_newline_in_a_paste_never_sends() -> None:
    async with desk() as hands:
        await hands.press("b", "tab")
        await hands.paste("250\n")
        await hands.see("BUY 250")
        await hands.paste("\n")

        assert hands.core.sends == []


async def test_rule_6_a_paste_without_brackets_into_a_field_does_not_send() -> None:
    async with desk() as hands:
        clock = StampedClock()
        hands.entry.timing = clock
        await type_stamped(hands, clock, [("b", 10), ("tab", 12)])
        pasted = [(name, 14 + beat * 0.001) for beat, name in enumerate([*"1000", "enter"])]
        await type_stamped(hands, clock, pasted)
        await hands.see("BUY 1000")

        assert hands.core.sends == []


async def test_rule_7_the_ticket_stays_with_its_instrument_when_rows_are_sorted() -> None:
    async with desk() as hands:
        await hands.press("b")
        grid = hands.screen.query_one(WatchlistPane).grid
        grid.set_order(reversed(grid.row_keys))
        await hands.pilot.pause()
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        assert hands.core.commands(PlaceOrder)[0].request.con_id == sample.AAPL


async def test_rule_10_another_layout_is_named() -> None:
    async with desk() as hands:
        hands.clock.time += 1
        for name in ("cyrillic_small_letter_i", "cyrillic_small_letter_ve"):
            hands.app.post_message(events.Key(name, "и"))
        await hands.pilot.pause()

        assert hands.app.said[-1] == NOT_LATIN
        assert NOT_LATIN.startswith("The keyboard layout is not Latin: letters off, F-keys work")
        assert hands.entry.ticket is None


async def test_rule_11_clicks_never_send() -> None:
    async with desk() as hands:
        await hands.press("b")
        await hands.see("limits ok")
        hands.clock.time += 5
        for x in (0, 6, 20, 40, 79):
            for y in range(3):
                await hands.pilot.click(type(hands.entry), offset=(x, y), times=2)

        assert hands.core.sends == []


async def test_keys_of_the_desk_work_over_a_ticket() -> None:
    async with desk() as hands:
        await hands.press("b", *"230", "slash", gap=0.2)

        assert hands.search.text == ""
        assert hands.entry.ticket is None
        assert [draft.price_text for draft in hands.entry.drafts.values()] == ["230"]
