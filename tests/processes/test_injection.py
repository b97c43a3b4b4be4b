"""Hostile text from the gateway, another client, files and variables, in a real terminal: no byte of it drives it.

What reaches the terminal is cut into characters and sequences; every kind of sequence must be one that the same way
makes with harmless text, too, and every character must be one that can be seen.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from decimal import Decimal

import pytest

from core.practice.spoil import HOSTILE
from core.text import clean
from tests.architecture.sources import ROOT
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome
from tests.hostile import ACCOUNT, DROPPED
from tests.practice.raw_client import RawClient
from tests.processes.gateway import running_gateway
from tests.processes.orders import write_profile
from tests.processes.test_desk import CTRL_Q, DESK, ESCAPE, LOOK, buy_at_200
from tests.terminal import Screen, Terminal

PATIENCE = 40.0
SEEN = re.escape(clean(HOSTILE)[:12])
F9 = "\x1b[20~"
BELL = {"U+0007"}
"""The desk rings by itself when an alert comes; on the other ways nothing may ring."""
_SEQUENCE = re.compile(
    r"\x1b\[(?P<private>[?<>=]*)(?P<params>[0-9;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<command>[0-9]+);(?P<words>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b(?P<string>[P_^X])(?P<inner>[^\x1b\x07]*)\x1b\\"
    r"|\x1b(?P<short>[ -/]*[0-Z\\^-~])",
    re.DOTALL,
)


class Recorder(Screen):
    """A screen that keeps every byte."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self.bytes = bytearray()

    def feed(self, data: bytes) -> None:
        self.bytes += data
        super().feed(data)


def open_terminal(home: DeskHome, words: Sequence[str], env: dict[str, str] | None = None) -> Terminal:
    """A program in a terminal whose every byte is kept."""
    terminal = Terminal([sys.executable, "-m", *words], env={**home.env, **(env or {})}, cwd=ROOT)
    terminal.screen = Recorder(120, 40)
    return terminal


def written(terminal: Terminal) -> str:
    """All that the program wrote."""
    assert isinstance(terminal.screen, Recorder)
    return terminal.screen.bytes.decode()


def kinds(text: str) -> set[str]:
    """The kinds of sequences in a text: their ends and numbers, positions and colours apart; titles by their words."""
    found = set()
    for match in _SEQUENCE.finditer(text):
        if match["final"]:
            modes = match["params"] if match["final"] in "hlcnqtpu" else ""
            found.add(f"CSI {match['private']}{modes}{match['between']}{match['final']}")
        elif match["command"]:
            found.add(f"OSC {match['command']} {match['words']}")
        else:
            found.add(f"ESC {match['string'] or match['short']}")
    return found


def hidden(text: str) -> set[str]:
    """Characters outside sequences that can't be seen or that turn text around; line ends apart."""
    import unicodedata

    rest = _SEQUENCE.sub("", text)
    return {f"U+{ord(char):04X}" for char in rest if char not in "\r\n\b" and unicodedata.category(char) in DROPPED}


def click(desk: Terminal) -> None:
    """The mouse on each piece of markup that stands on the screen."""
    for y, line in enumerate(desk.screen.text().split("\n"), 1):
        for found in re.finditer(r"@click", line):
            for x in (found.start() + 1, found.start() + 16):
                click_at(desk, x, y)


def click_at(desk: Terminal, x: int, y: int) -> None:
    """Press and let go of the left button, as a terminal tells it (XTerm Control Sequences, "SGR (1006)")."""
    desk.send(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")


def close(desk: Terminal, words: str) -> None:
    """Esc, until what says `words` is gone: a key that comes with Esc would be another key."""
    desk.send(ESCAPE)
    desk.wait_for(rf"\A(?![\s\S]*{words})", PATIENCE)
    desk.linger(LOOK)


async def session(home: DeskHome, *faults: str) -> str:
    """What a desk writes while a person looks at everything; the gateway misbehaves as `faults` say."""
    armed = [word for fault in ("order-error=399", *faults) for word in ("--fault", fault)]
    async with running_gateway(home, *armed) as port:
        stranger = await RawClient.connect(port, 99)
        reference = HOSTILE if faults else "reference"
        placed = stranger.place(orderType="LMT", lmtPrice=Decimal(150), orderRef=reference, account="DU1234567")
        await stranger.until(placed, "Submitted")
        with open_terminal(home, (*DESK[2:], "--port", str(port))) as desk:
            desk.wait_for(r"\bAAPL\s+\d+\.\d{2}\s+\d+\.\d{2}", PATIENCE)
            desk.wait_for(r"● \d+ms", PATIENCE)
            if faults:
                desk.wait_for(rf"^AAPL .*{SEEN}", PATIENCE)
            desk.wait_for(r"BUY\s+100 AAPL\s+LMT\s+150\.00", PATIENCE)
            desk.send("/")
            desk.wait_for(r"FIND SYMBOL", PATIENCE)
            desk.send("amd")
            desk.wait_for(r"\bAMD\b.*(ADVANCED|\[/bold)", PATIENCE)
            click(desk)
            for y in range(3, 8):
                click_at(desk, 4, y)
            desk.linger(LOOK)
            close(desk, "FIND SYMBOL")
            buy_at_200(desk)
            desk.wait_for(r"#1\s+BUY\s+100 AAPL\s+LMT\s+200\.00", PATIENCE)
            desk.linger(1.0)
            click(desk)
            desk.send("\x10")
            desk.wait_for(r"BUY ticket that joins the bid", PATIENCE)
            desk.send("limits")
            desk.wait_for(r"Limits: show all", PATIENCE)
            desk.linger(LOOK)
            desk.send("\x1b[B\r")
            desk.wait_for(r"order_quantity", PATIENCE)
            desk.linger(LOOK)
            close(desk, "order_quantity")
            desk.send(F9)
            desk.wait_for(r"new orders blocked", PATIENCE)
            desk.linger(1.0)
            click(desk)
            desk.send(ESCAPE)
            desk.linger(1.0)
            assert desk.process.poll() is None, desk.screen.text()
            desk.send(CTRL_Q)
            desk.linger(1.0)
            desk.send("2")
            desk.wait_end(PATIENCE)
            text = written(desk)
        await stranger.close()
        return text


@pytest.mark.row(71)
@pytest.mark.timeout(240)
async def test_a_session_with_a_hostile_gateway() -> None:
    with DeskHome() as home:
        harmless = await session(home)
    with DeskHome() as home:
        hostile = await session(home, "hostile-text")

    assert clean(HOSTILE)[:12] in _SEQUENCE.sub("", hostile)
    assert kinds(hostile) <= kinds(harmless)
    assert hidden(harmless) <= BELL
    assert hidden(hostile) <= BELL
    assert not ACCOUNT.search(_SEQUENCE.sub("", hostile))


COMMANDS = (
    ("config", "show"),
    ("config", "check"),
    ("config", "path"),
    ("journal", "export"),
    ("journal", "export", "--json"),
    ("journal", "export", "--csv"),
    ("journal", "verify"),
    ("journal", "replay"),
    ("kill", "--wait", "1"),
    ("kill", "--json", "--wait", "1"),
    ("limits",),
    ("practice", "reset"),
    ("journal", "export", "--file", "a\x1b]0;x\x07"),
    ("config", "show", "--host", "a\x9b31m"),
    ("a\x1b[31m",),
)
"""Command lines, some with hostile arguments of their own."""


@pytest.mark.timeout(240)
async def test_commands_write_no_control_code() -> None:
    bad = {"IBKR_HOST": "a\x1b]0;x\x07\x9b31m\u202e", "MAX_ORDER_SIZE": "\x1b[31m", "IBDESK_PROFILE": ""}
    with DeskHome() as home:
        async with running_gateway(home, "--fault", "hostile-text", "--fault", "order-error=201") as port:
            core = await CoreProcess(home, {"profile": "practice"}).start()
            try:
                for env in ({}, {**bad, "IBKR_PORT": str(port)}):
                    for words in COMMANDS:
                        with open_terminal(home, (*DESK[2:], *words), env) as terminal:
                            assert terminal.wait_end(PATIENCE), words
                            terminal.linger(0.1)
                            text = written(terminal)
                        assert (words, kinds(text), hidden(text)) == (words, set(), set())
                        assert not ACCOUNT.search(text)
            finally:
                await core.stop()


@pytest.mark.timeout(120)
def test_settings_that_keep_core_from_starting() -> None:
    said = []
    for value in (
        '"a[/bold][@click=app.leave]x[/]b c"',
        '"a\\u001b]0;x\\u0007\\u009b31m\\u202e[/bold][@click=app.leave]x[/]"',
    ):
        with DeskHome() as home:
            write_profile(home, "practice", f"host = {value}\n")
            with open_terminal(home, DESK[2:]) as desk:
                desk.wait_for(r"q quit", PATIENCE)
                click(desk)
                desk.linger(LOOK)
                assert desk.process.poll() is None
                desk.send("q")
                desk.wait_end(PATIENCE)
                said.append(written(desk))

    assert kinds(said[1]) <= kinds(said[0])
    assert [hidden(text) for text in said] == [set(), set()]


@pytest.mark.timeout(120)
def test_what_a_crash_leaves_on_the_terminal() -> None:
    with DeskHome() as home, open_terminal(home, ["tests.processes.desk_that_fails"]) as desk:
        assert desk.wait_end(PATIENCE)
        desk.linger(LOOK)
        text = written(desk)
        shown = _SEQUENCE.sub("", text)

    assert "ValueError: DU…321: DU…567" in shown
    assert "core holds them" in shown
    assert not ACCOUNT.search(shown)
    assert hidden(text) == set()
    assert not {kind for kind in kinds(text) if kind.startswith("OSC 52")}


def test_the_lens_sees_what_it_looks_for() -> None:
    text = "a\x1b[1;2Hb\x1b]52;c;aGk=\x07\x1b[?1049h\x9b31m\u202e\x1b[31"

    assert kinds(text) == {"CSI H", "OSC 52 c;aGk=", "CSI ?1049h"}
    assert hidden(text) == {"U+009B", "U+202E", "U+001B"}
