"""A replay at work: the practice gateway with a recorded market, told by typed lines, telling what fills."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol

from core.cli.replay_control import FASTEST, ReplayAction, ReplayCommand, clock_of, understand

Tell = Callable[[str, Mapping[str, object]], None]
"""Hears a line for a person, and the same for programs."""


class Fill(Protocol):
    """As much of a fill at the gateway as is told."""

    @property
    def exec_id(self) -> str:
        """The gateway's name of it."""

    @property
    def con_id(self) -> int:
        """The contract."""

    @property
    def side(self) -> str:
        """BOT or SLD."""

    @property
    def shares(self) -> int:
        """Units."""

    @property
    def price(self) -> Decimal:
        """Per unit."""

    @property
    def order_ref(self) -> str:
        """The order's reference."""


class Player(Protocol):
    """As much of the practice gateway as is needed."""

    @property
    def market_time(self) -> float:
        """Seconds since the epoch."""

    def play(self, speed: float | None = None, until: float | None = None) -> None:
        """Let the market go on."""

    def pause(self) -> None:
        """Let it stand still."""


class ReplayConsole:
    """Hears lines, and tells what happens."""

    def __init__(
        self,
        player: Player,
        day: date,
        end: datetime,
        speed: float,
        quit_: Callable[[], None],
        symbol: Callable[[int], str],
        tell: Tell,
    ) -> None:
        """`day` is the trading day, `end` its last moment, `speed` that of play and until.

        `quit_` ends the replay, `symbol` names a contract.
        """
        self._player = player
        self._day = day
        self._end = end
        self._speed = speed
        self._quit = quit_
        self._symbol = symbol
        self._tell = tell
        self._told_over = False

    @property
    def now(self) -> datetime:
        """The market's time."""
        return datetime.fromtimestamp(self._player.market_time, UTC)

    def obey(self, line: str) -> None:
        """Do what a line says."""
        try:
            command = understand(line, self._day)
        except ValueError as error:
            self._tell(str(error), {"event": "refused", "problem": str(error)})
            return
        if command is not None:
            self._do(command)

    def _do(self, command: ReplayCommand) -> None:
        player = self._player
        match command.action:
            case ReplayAction.PLAY | ReplayAction.SPEED:
                self._speed = command.speed or self._speed
                player.play(self._speed)
            case ReplayAction.PAUSE:
                player.pause()
            case ReplayAction.STEP:
                player.play(FASTEST, player.market_time + command.seconds)
            case ReplayAction.UNTIL:
                player.play(self._speed, command.moment.timestamp() if command.moment else None)
            case ReplayAction.WHERE:
                self._at("where", "it is")
            case ReplayAction.QUIT:
                self._quit()

    def paused(self) -> None:
        """The market stands still."""
        if self.now >= self._end and not self._told_over:
            self._told_over = True
            self._at("over", "the recording is over at")
        else:
            self._at("paused", "paused at")

    def filled(self, fill: Fill) -> None:
        """An order of a client filled."""
        side = "BUY" if fill.side == "BOT" else "SELL"
        what = f"{side} {fill.shares} {self._symbol(fill.con_id)} @ {fill.price:f}"
        self._tell(
            f"{clock_of(self.now)} {what}",
            {
                "event": "fill",
                "time": self.now.isoformat(),
                "symbol": self._symbol(fill.con_id),
                "side": side,
                "quantity": fill.shares,
                "price": f"{fill.price:f}",
                "order_ref": fill.order_ref,
                "exec_id": fill.exec_id,
            },
        )

    def _at(self, event: str, words: str) -> None:
        self._tell(f"{words} {clock_of(self.now)}", {"event": event, "time": self.now.isoformat()})


@contextlib.contextmanager
def lines_heard(obey: Callable[[str], None]) -> Iterator[None]:
    """Call `obey` with each line of the standard input, where that is a terminal or a pipe."""
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
    waiting = bytearray()

    def read() -> None:
        data = os.read(descriptor, 4096)
        if not data:
            loop.remove_reader(descriptor)
        waiting.extend(data)
        while b"\n" in waiting:
            line, _, rest = bytes(waiting).partition(b"\n")
            waiting[:] = rest
            obey(line.decode(errors="replace"))

    try:
        loop.add_reader(descriptor, read)
    except (OSError, ValueError):
        # A file or nothing: there is nobody to hear.
        yield
        return
    try:
        yield
    finally:
        loop.remove_reader(descriptor)


@contextlib.contextmanager
def ended_by_signals(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` when a signal asks for it."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
