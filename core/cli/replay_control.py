"""What a person or a program types while a recorded market is played."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from core.clock import DAY_ROLL

SLOWEST, FASTEST = 1.0, 60.0
"""Seconds of the market in one of the clock."""
HELP: Final = "play [SPEED] · pause · step [SECONDS] · until HH:MM[:SS] · speed 1-60 · where · quit"

_NEW_YORK: Final = ZoneInfo("America/New_York")


class ReplayAction(StrEnum):
    """What to do."""

    PLAY = "play"
    PAUSE = "pause"
    STEP = "step"
    UNTIL = "until"
    SPEED = "speed"
    WHERE = "where"
    QUIT = "quit"


class ReplayCommand(NamedTuple):
    """One line, understood."""

    action: ReplayAction
    speed: float | None = None
    """Of play and speed; None leaves it as it is."""
    seconds: float = 1.0
    """Of step."""
    moment: datetime | None = None
    """Of until, UTC."""


def understand(line: str, day: date) -> ReplayCommand | None:
    """What a line asks for, None for an empty one; `day` is the trading day that is played.

    Raises ValueError, with what can be typed, for anything else.
    """
    words = line.split()
    if not words:
        return None
    try:
        action = ReplayAction(words[0].lower())
        match action, words[1:]:
            case ReplayAction.PLAY, []:
                return ReplayCommand(action)
            case ((ReplayAction.PLAY | ReplayAction.SPEED), [speed]):
                return ReplayCommand(action, speed=read_speed(speed))
            case ReplayAction.STEP, []:
                return ReplayCommand(action)
            case ReplayAction.STEP, [seconds] if 0 < float(seconds) <= 86_400:
                return ReplayCommand(action, seconds=float(seconds))
            case ReplayAction.UNTIL, [clock]:
                return ReplayCommand(action, moment=moment_of(clock, day))
            case ((ReplayAction.PAUSE | ReplayAction.WHERE | ReplayAction.QUIT), []):
                return ReplayCommand(action)
    except ValueError:
        pass
    raise ValueError(f"{line.strip()[:40]!r} is none of: {HELP}")


def read_speed(text: str) -> float:
    """A speed. Raises ValueError for one that is not from 1 to 60."""
    speed = float(text.removesuffix("x"))
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(f"{text!r} is no speed from {SLOWEST:g} to {FASTEST:g}")
    return speed


def moment_of(clock: str, day: date) -> datetime:
    """The moment, in UTC, when New York's clocks show so in the trading day `day`, which begins at 17:00 before it.

    Raises ValueError for what is no time of day.
    """
    shown = time.fromisoformat(f"0{clock}" if clock[1:2] == ":" else clock)
    on = day - timedelta(days=1) if shown >= DAY_ROLL else day
    return datetime.combine(on, shown.replace(tzinfo=None), _NEW_YORK).astimezone(UTC)


def clock_of(moment: datetime) -> str:
    """New York's wall time of a moment, to the tenth of a second where it is not whole."""
    local = moment.astimezone(_NEW_YORK)
    tenth = local.microsecond // 100_000
    return f"{local:%H:%M:%S}.{tenth}" if tenth else f"{local:%H:%M:%S}"
