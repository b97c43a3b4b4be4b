"""The desk as a person has it: real processes, a real terminal, keys and what stands on the screen."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from core.domain.orders import OrderState
from tests.architecture.sources import ROOT
from tests.core_process import CoreProcess, running_core
from tests.desk_home import DeskHome
from tests.processes import core_of_another_build
from tests.processes.orders import order_in, write_profile
from tests.processes.test_lifecycle import exit_of
from tests.processes.test_way_of_an_order import resting_buy
from tests.terminal import Terminal

DESK = (sys.executable, "-m", "tui")
PATIENCE = 15.0
LOOK = 0.3
"""Seconds that a person looks at a ticket before Enter; the desk wants at least 0.15."""
ENTER, ESCAPE, CTRL_Q = "\r", "\x1b", "\x11"
QUOTED = r"\bAAPL\s+\d+\.\d{2}\s+\d+\.\d{2}"
READY = r"● \d+ms"
RESTING = r"#1\s+BUY\s+100 AAPL\s+LMT\s+200\.00\s+0/100\s+WORKING"


def open_desk(home: DeskHome, *options: str, columns: int = 120, rows: int = 40) -> Terminal:
    """A desk of this home in a terminal of its own."""
    return Terminal([*DESK, *options], env=home.env, cwd=ROOT, columns=columns, rows=rows)


def wait_ready(desk: Terminal) -> None:
    """Wait until quotes move and orders may be sent."""
    desk.wait_for(QUOTED, PATIENCE)
    desk.wait_for(READY, PATIENCE)


def find(desk: Terminal, symbol: str, name: str) -> None:
    """Type a symbol letter by letter and focus it; `name` is the start of what the instrument row then says."""
    desk.send("/")
    desk.wait_for(r"FIND SYMBOL", PATIENCE)
    desk.send(symbol)
    desk.wait_for(rf"\b{symbol.upper()}\b.*{name}", PATIENCE)
    desk.send(ENTER)
    desk.wait_for(rf"(?m)^{symbol.upper()} .*{name}", PATIENCE)


def buy_at_200(desk: Terminal) -> None:
    """Send a limit order for 100 AAPL far below the market."""
    desk.send("b")
    desk.wait_for(r"BUY 100 AAPL @ \d+\.\d{2} LMT", PATIENCE)
    desk.send("200")
    desk.wait_for(r"BUY 100 AAPL @ 200\s+LMT", PATIENCE)
    desk.wait_for(r"limits ok", PATIENCE)
    desk.linger(LOOK)
    desk.send(ENTER)


@pytest.mark.row(63)
@pytest.mark.covers("D5.1", "D5.7", "D0.14")
def test_buys_is_killed_and_finds_everything_as_it_was() -> None:
    """A symbol is typed and found, 100 bought and filled; the screen is killed; a second start shows the same."""
    with DeskHome() as home:
        with open_desk(home) as desk:
            wait_ready(desk)
            find(desk, "amd", "ADVANCED")
            desk.send("n")
            desk.wait_for(r"BUY 100 AMD @ \d+\.\d{2} LMT", PATIENCE)
            desk.wait_for(r"limits ok", PATIENCE)
            desk.linger(LOOK)
            desk.send(ENTER)
            desk.wait_for(r"#1\s+BUY\s+100 AMD .*100/100 FILLED", PATIENCE)
            desk.wait_for(r"(?m)^[ ▸]+AMD\s+100\s+\d+\.\d{2}", PATIENCE)
            before = set(home.processes())
            os.kill(desk.process.pid, signal.SIGKILL)
            desk.wait_end(PATIENCE)
        with open_desk(home) as desk:
            desk.wait_for(r"#1\s+BUY\s+100 AMD .*100/100 FILLED", PATIENCE)
            desk.wait_for(r"(?m)^[ ▸]+AMD\s+100\s+\d+\.\d{2}", PATIENCE)
            core_and_gateway = before & set(home.processes())
            assert len(core_and_gateway) == 2, "core and its gateway outlived the screen"
            desk.send(CTRL_Q)
            assert desk.wait_end(PATIENCE)
        assert home.wait_empty(PATIENCE) == []


def test_second_terminal_sees_and_cancels() -> None:
    """An order of one desk stands on the other, which cancels it; the first sees the end."""
    with DeskHome() as home, open_desk(home) as one:
        wait_ready(one)
        with open_desk(home, columns=80, rows=24) as two:
            wait_ready(two)
            buy_at_200(one)
            two.wait_for(RESTING, PATIENCE)
            two.send("c")
            two.wait_for(r"(?i)cancel .*AAPL", PATIENCE)
            two.linger(LOOK)
            two.send(ENTER)
            one.wait_for(r"#1\s+BUY\s+100 AAPL .*CANCELLED", PATIENCE)
            two.send(CTRL_Q)
            assert two.wait_end(PATIENCE)
        one.send(CTRL_Q)
        assert one.wait_end(PATIENCE)
        assert home.wait_empty(PATIENCE) == []


def test_quit_asks_while_an_order_works() -> None:
    """Ctrl+Q names the working order; stopping core leaves it at the broker, and the next start has it back."""
    with DeskHome() as home:
        with open_desk(home) as desk:
            wait_ready(desk)
            buy_at_200(desk)
            desk.wait_for(RESTING, PATIENCE)
            desk.send(CTRL_Q)
            desk.wait_for(r"BUY 100 AAPL @ 200\.00 WORKING", PATIENCE)
            desk.linger(LOOK)
            desk.send("2")
            assert desk.wait_end(PATIENCE)
        assert home.wait_empty(PATIENCE) == []
        with open_desk(home) as desk:
            desk.wait_for(RESTING, PATIENCE)


@pytest.mark.covers("D5.3")
def test_ends_with_its_terminal() -> None:
    """The terminal closes where no SIGHUP tells of it: the desk ends at once, core stays for the next."""
    with DeskHome() as home, open_desk(home) as desk:
        wait_ready(desk)
        assert desk.hang_up(5) == 128 + signal.SIGHUP
        assert len(home.processes()) == 2


def test_live_port_shows_the_refusal_and_the_desk_goes_on() -> None:
    """`ibdesk --port 7496`: the guard's words on the screen, `q` ends, nothing runs on."""
    with DeskHome() as home, open_desk(home, "--port", "7496", columns=80, rows=24) as desk:
        desk.wait_for(r"Port 7496 is where a live gateway", PATIENCE)
        desk.send("q")
        assert desk.wait_end(PATIENCE)
        assert home.wait_empty(PATIENCE) == []


def test_misspelt_key_can_be_mended_without_leaving() -> None:
    """The start error names file and key; after the mend `r` brings the desk up."""
    with DeskHome() as home:
        path = write_profile(home, "practice", "readonyl = true\n")
        with open_desk(home, columns=80, rows=24) as desk:
            desk.wait_for(r"did you mean", PATIENCE)
            path.write_text("")
            desk.send("r")
            wait_ready(desk)


@pytest.mark.covers("D4.1")
async def test_another_build_is_named_and_makes_way_on_a_persons_word() -> None:
    """The desk says which core runs and what works there; `c` restarts core, and the order stands."""
    with DeskHome() as home:
        async with running_core(home) as core, await core.attach() as watcher:
            await watcher.ready_for("AAPL")
            order = resting_buy(watcher)
            assert (await watcher.send(order)).ok
            await watcher.wait(order_in(order.request.order_ref, OrderState.WORKING))
        old = await CoreProcess(home, command=("-m", core_of_another_build.__name__)).start()
        with open_desk(home, columns=80, rows=24) as desk:
            desk.wait_for(rf"Core runs ibdesk {core_of_another_build.BUILD} ", PATIENCE)
            desk.wait_for(r"1 order is working", PATIENCE)
            assert old.pid in home.processes()
            desk.send("c")
            desk.wait_for(r"#1\s+BUY .*AAPL .*WORKING", PATIENCE)
            wait_ready(desk)
            assert await exit_of(old) == 0
            desk.send(CTRL_Q)
            desk.wait_for(r"1 order is working", PATIENCE)
            desk.linger(LOOK)
            desk.send("2")
            assert desk.wait_end(PATIENCE)
        assert home.wait_empty(PATIENCE) == []
