"""Draw the pictures of the README: `python -m screenshots.make` from the project's root.

The desk runs without a terminal on the fixed morning of the tests, so the pictures change only when the desk does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.snapshots.cases import LIVE_WAITING, DeskCase, desk_app, show_desk
from tests.tui import sample
from tests.tui.desk_pilot import until
from tests.tui.hands_desk import Core
from tui.app import DeskApp

HERE = Path(__file__).parent
CELL = 12.2
"""Width of a character in the pictures."""
BLANK = "&#160;"


class Picture(NamedTuple):
    """One picture."""

    case: DeskCase
    theme: str = "ibdesk-dark"


PICTURES: Mapping[str, Picture] = {
    "desk-80x24": Picture(DeskCase((80, 24))),
    "desk-120x40": Picture(DeskCase((120, 40))),
    "desk-light": Picture(DeskCase((120, 40)), "ibdesk-light"),
    "unknown-order": Picture(DeskCase((120, 40), sample.TROUBLE)),
    "live-confirmation": Picture(DeskCase((120, 40), LIVE_WAITING)),
}
TICKET = "ticket"
"""A ticket that waits for Enter, with core's answer below it."""


def move_blanks(svg: str) -> str:
    """Let texts begin with their first character: some viewers drop blanks at the beginning and shift the rest."""

    def move(match: re.Match[str]) -> str:
        attributes, text = match.groups()
        kept = text
        while kept.startswith(BLANK):
            kept = kept.removeprefix(BLANK)
        blanks = (len(text) - len(kept)) // len(BLANK)
        if not blanks:
            return match.group()
        attributes = _add(_add(attributes, " x", blanks * CELL), "textLength", -blanks * CELL)
        return f"<text{attributes}>{kept}</text>"

    return re.sub(r"<text([^>]*)>([^<]*)</text>", move, svg)


def _add(attributes: str, name: str, amount: float) -> str:
    return re.sub(rf'{name}="([\d.]+)"', lambda match: f'{name}="{float(match[1]) + amount:g}"', attributes)


async def draw(picture: Picture) -> str:
    """The desk of a picture as SVG."""
    app = desk_app(picture.case, picture.theme)
    async with app.run_test(size=picture.case.size) as pilot:
        await show_desk(picture.case, pilot)
        return app.export_screenshot()


async def draw_ticket() -> str:
    """The same desk with an open ticket."""
    core = Core(sample.SNAPSHOT)
    app = DeskApp(core.connect, utc=lambda: sample.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await show_desk(DeskCase((120, 40)), pilot)
        await pilot.press("b")
        await until(pilot, lambda: bool(core.sent))
        await pilot.pause(0.3)
        return app.export_screenshot()


async def make() -> None:
    """Draw every picture into this folder."""
    drawn = {name: await draw(picture) for name, picture in PICTURES.items()}
    drawn[TICKET] = await draw_ticket()
    for name, svg in drawn.items():
        (HERE / f"{name}.svg").write_text(move_blanks(svg), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(make())
