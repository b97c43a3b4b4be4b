"""Leaving the desk: what is working is named, and nothing is chosen by accident."""

from __future__ import annotations

import pytest
from textual.app import App

from core.domain.orders import Order
from tests.tui import sample
from tests.tui.desk_pilot import desk_on
from tests.tui.hands_desk import TurnedClock
from tui.screens.quit import QuitChoice, QuitScreen
from tui.themes import domain_defaults

WORKING = [order for order in sample.ORDERS if order.is_live]


class QuitApp(App[None]):
    """An application that asks at once."""

    def __init__(self, working: list[Order], desks: int, clock: TurnedClock, *, attached: bool = True) -> None:
        super().__init__()
        self.question = QuitScreen(working, desks=desks, attached=attached, timing=clock)
        self.answers: list[QuitChoice | None] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return domain_defaults(dark=True)

    def on_mount(self) -> None:
        self.call_later(self.push_screen, self.question, self.answers.append)


async def answers(*keys: str, gap: float = 1.0, desks: int = 1, attached: bool = True) -> list[QuitChoice | None]:
    """What is chosen by keys, each so many seconds after the one before."""
    clock = TurnedClock()
    app = QuitApp(WORKING, desks, clock, attached=attached)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in keys:
            clock.time += gap
            await pilot.press(key)
        return app.answers


def test_working_orders_are_named() -> None:
    text = "\n".join(QuitScreen(WORKING).lines())

    assert "2 orders are working:" in text
    assert "#9 BUY 200 SPY @ 597.90 WORKING" in text
    assert "EXT" not in text


def test_many_orders_are_counted() -> None:
    many = [sample.make_order(number, sample.AAPL, "BUY 1 AAPL LMT 200") for number in range(1, 12)]
    text = QuitScreen(many).lines()

    assert text[0] == "11 orders are working:"
    assert text[9] == "  and 3 more"


def test_without_orders_it_says_what_becomes_of_core() -> None:
    assert "Core ends with the desk." in QuitScreen([]).lines()[0]
    assert "Another desk is attached: core stays." in QuitScreen([], desks=2).lines()[0]


@pytest.mark.parametrize(
    ("key", "choice"),
    [
        ("enter", QuitChoice.LEAVE),
        ("1", QuitChoice.LEAVE),
        ("2", QuitChoice.STOP),
        ("3", None),
        ("escape", None),
    ],
)
async def test_each_key_means_one_thing(key: str, choice: QuitChoice | None) -> None:
    assert await answers(key) == [choice]


async def test_core_can_not_be_stopped_under_another_desk() -> None:
    text = "\n".join(QuitScreen(WORKING, desks=2).lines())

    assert "core stays, another desk is attached" in text
    assert "stop core" not in text
    assert await answers("2", desks=2) == []
    assert await answers("enter", desks=2) == [QuitChoice.LEAVE]


async def test_a_core_out_of_reach_can_not_be_stopped_and_its_orders_are_old_news() -> None:
    text = QuitScreen(WORKING, attached=False).lines()

    assert text[0] == "This desk has lost core. 2 orders were working then:"
    assert "Enter  close the desk; core goes on if it runs, and the orders stay at the broker" in text
    assert "stop core" not in "\n".join(text)
    assert QuitScreen([], attached=False).lines()[0] == "This desk has lost core, which goes on if it runs."
    assert await answers("2", attached=False) == []
    assert await answers("enter", attached=False) == [QuitChoice.LEAVE]


@pytest.mark.parametrize("key", ["enter", "1", "2"])
async def test_a_key_that_was_on_its_way_answers_nothing(key: str) -> None:
    assert await answers(key, gap=0.1) == []


async def test_other_keys_answer_nothing() -> None:
    assert await answers("q", "y", "n", "space") == []


async def test_two_keys_are_one_answer() -> None:
    clock = TurnedClock()
    app = QuitApp(WORKING, 1, clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        clock.time += 1
        app.question.action_answer("leave")
        app.question.action_answer("stop")
        await pilot.pause()

        assert app.answers == [QuitChoice.LEAVE]
        assert len(app.screen_stack) == 1


async def test_a_desk_without_core_asks_as_one_that_has_none() -> None:
    async with desk_on(size=(80, 24)) as desk:
        desk.core.lose()
        await desk.until(lambda: "core lost" in desk.lines()[0])
        await desk.pilot.press("ctrl+q")

        await desk.until(lambda: "This desk has lost core. 2 orders were working then:" in desk.words())
