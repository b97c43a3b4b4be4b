"""Finding a symbol: Enter focuses what was typed, waits for the answer if it must, and never sends."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import Ack, Command, Denial, DenialCode, SearchSymbols, SymbolMatches, Watch
from core.domain.instruments import SecType, SymbolMatch
from tests.tui import sample
from tests.tui.hands_desk import Core, Hands, desk
from tui.screens.desk import DeskScreen
from tui.screens.symbol_search import SymbolSearch

D = Decimal
WATCHED = replace(sample.SNAPSHOT, watchlist=(sample.AAPL, sample.TSLA))
"""A short watchlist: everything else must be added first."""


async def found(hands: Hands, words: str) -> None:
    """Wait until the search says this."""
    await hands.until(lambda: isinstance(hands.app.screen, SymbolSearch) and words in hands.search.words)


async def focused(hands: Hands, con_id: int) -> None:
    """Wait until the search is closed and the desk looks at this instrument."""
    await hands.until(
        lambda: isinstance(hands.app.screen, DeskScreen) and hands.screen.focus_con_id == con_id,
    )


async def test_a_symbol_typed_in_the_panes_is_focused_by_enter() -> None:
    async with desk() as hands:
        await hands.press(*"tsla", gap=0.1)
        await found(hands, "Enter focuses TSLA NASDAQ USD.")
        await hands.press("enter")
        await focused(hands, sample.TSLA)

        assert hands.core.sends == []
        assert hands.core.commands(Watch) == []


async def test_an_instrument_that_is_not_watched_is_watched_first() -> None:
    async with desk(WATCHED) as hands:
        await hands.press("slash", *"msft", "enter", gap=0.1)
        await focused(hands, sample.MSFT)

        assert hands.core.commands(Watch) == [Watch(con_id=sample.MSFT)]


async def test_enter_waits_for_the_answer() -> None:
    async with desk() as hands:
        hands.core.held = asyncio.Event()
        await hands.press("slash", *"tsla", "enter", gap=0.1)
        await found(hands, "looking…")
        assert hands.screen.focus_con_id == sample.AAPL
        hands.core.held.set()
        await focused(hands, sample.TSLA)


async def test_typing_on_takes_a_waiting_enter_back() -> None:
    async with desk() as hands:
        hands.core.held = asyncio.Event()
        await hands.press("slash", *"tsla", "enter", "x", gap=0.1)
        hands.core.held.set()
        await found(hands, "No instrument matches TSLAX.")

        assert hands.screen.focus_con_id == sample.AAPL


async def test_only_the_latest_text_is_searched_and_one_search_runs_at_a_time() -> None:
    async with desk() as hands:
        hands.core.held = asyncio.Event()
        await hands.press("slash", "m", gap=0.1)
        await hands.until(lambda: len(hands.core.commands(SearchSymbols)) == 1)
        await hands.press(*"sft", gap=0.1)
        await hands.pilot.pause(0.3)
        assert len(hands.core.commands(SearchSymbols)) == 1
        hands.core.held.set()
        await found(hands, "Enter focuses MSFT")

        assert [search.pattern for search in hands.core.commands(SearchSymbols)] == ["m", "msft"]


async def test_a_part_of_a_symbol_focuses_nothing() -> None:
    async with desk() as hands:
        await hands.press("slash", *"ms", gap=0.1)
        await found(hands, "None of these is named MS. Choose one with ↑↓, then Enter.")
        await hands.press("enter")
        assert hands.screen.focus_con_id == sample.AAPL

        await hands.press("down")
        await found(hands, "Enter focuses MSFT")
        await hands.press("enter")
        await focused(hands, sample.MSFT)


async def test_rule_4_tab_completes_and_enter_is_still_to_be_pressed() -> None:
    async with desk() as hands:
        await hands.press("slash", *"ms", gap=0.1)
        await found(hands, "None of these")
        await hands.press("tab")
        assert hands.search.text == "MSFT"
        assert hands.screen.focus_con_id == sample.AAPL

        await hands.press("enter")
        await focused(hands, sample.MSFT)


async def test_an_unknown_symbol_is_explained() -> None:
    async with desk() as hands:
        await hands.press("slash", *"qqqx", gap=0.1)
        await found(hands, "No instrument matches QQQX. Futures begin with /")
        await hands.press("enter", "enter")

        assert isinstance(hands.app.screen, SymbolSearch)


async def test_a_future_is_found_by_its_slash() -> None:
    async with desk() as hands:
        await hands.press("slash", "slash", *"es", gap=0.1)
        await found(hands, "Enter focuses /ES")
        await hands.press("enter")
        await focused(hands, sample.ES)


async def test_several_listings_are_left_to_the_person() -> None:
    class TwoListings(Core):
        def answer(self, command: Command) -> Ack:
            if not isinstance(command, SearchSymbols):
                return super().answer(command)
            listings = tuple(
                SymbolMatch(
                    con_id=con_id,
                    symbol="MSFT",
                    sec_type=SecType.STK,
                    primary_exchange=exchange,
                    currency="USD",
                    name="Microsoft Corp",
                )
                for con_id, exchange in ((sample.MSFT, "NASDAQ"), (991, "BVL"))
            )
            return Ack(ok=True, result=SymbolMatches(pattern=command.pattern, matches=listings))

    async with desk(WATCHED, core=TwoListings(WATCHED)) as hands:
        await hands.press("slash", *"msft", gap=0.1)
        await found(hands, "2 listings are named MSFT. Choose one with ↑↓, then Enter.")
        await hands.press("enter")
        assert hands.screen.focus_con_id == sample.AAPL

        await hands.press("down", "enter")
        await focused(hands, sample.MSFT)


async def test_a_broker_that_is_not_there_is_named() -> None:
    class Offline(Core):
        def answer(self, command: Command) -> Ack:
            message = "Not connected to the broker: symbols can't be looked up. Wait for the connection."
            return Ack(ok=False, denied=Denial(code=DenialCode.NOT_CONNECTED, message=message))

    async with desk(core=Offline()) as hands:
        await hands.press("slash", *"ms", gap=0.1)

        await found(hands, "Not connected to the broker: symbols can't be looked up.")


async def test_a_core_that_is_gone_is_named() -> None:
    async with desk() as hands:
        hands.core.lose()
        await hands.until(lambda: not hands.app.desk.is_attached)
        await hands.press("slash", "m", gap=0.1)

        await found(hands, "The desk is not attached to core")


async def test_a_watch_that_is_refused_is_explained_and_can_be_tried_again() -> None:
    class Refusing(Core):
        def answer(self, command: Command) -> Ack:
            if isinstance(command, Watch):
                message = "MSFT was not added: all 100 market data lines are in use. Take one off first."
                return Ack(ok=False, denied=Denial(code=DenialCode.BROKER, message=message))
            return super().answer(command)

    async with desk(core=Refusing(WATCHED)) as hands:
        await hands.press("slash", *"msft", "enter", gap=0.1)
        await found(hands, "all 100 market data lines are in use")
        await hands.press("enter")
        await hands.until(lambda: len(hands.core.commands(Watch)) == 2)


async def test_escape_goes_back_to_where_the_keys_were() -> None:
    async with desk() as hands:
        before = hands.screen.focused
        await hands.press("slash", "m", "escape")
        await hands.until(lambda: isinstance(hands.app.screen, DeskScreen))

        assert hands.screen.focused is before
        await hands.press("b")
        await hands.see("BUY 100 AAPL")


async def test_a_search_can_be_closed_twice() -> None:
    async with desk() as hands:
        await hands.press("slash")
        search = hands.search
        search.action_leave()
        search.action_leave()
        await hands.until(lambda: isinstance(hands.app.screen, DeskScreen))

        assert len(hands.app.screen_stack) == 1


async def test_a_paste_into_the_field_searches() -> None:
    async with desk() as hands:
        await hands.press("slash")
        await hands.paste("msft\n")
        await found(hands, "Enter focuses MSFT")

        assert hands.screen.focus_con_id == sample.AAPL
