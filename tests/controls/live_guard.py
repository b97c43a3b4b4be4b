"""`python -m tests.controls.live_guard`: every way round the live guard, tried at a gateway that plays a live account.

Each route runs a real core. What counts is the wire between it and that gateway: the frames about orders that were
seen there, which are none but where a person allowed them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from tests.controls import routes_asked as asked
from tests.controls import routes_order_plane as plane
from tests.controls import routes_started as started
from tests.controls.stage import Stage

NOT_LIVE = "REFUSED: NOT_CONNECTED"
NOT_CONFIRMED = "LIVE_NOT_CONFIRMED"
WAITS = "AWAITING_CONFIRMATION: LIVE_NOT_CONFIRMED"


class Route(NamedTuple):
    """One way round, and what stands in it."""

    way: str
    """Environment, command line, and so on."""
    run: Callable[[Stage], Awaitable[str]]
    """Tries it; its docstring says what is tried. Returns what core said."""
    said: str
    """What must stand in that."""
    frames: tuple[str, ...] = ()
    """The frames about orders that must be seen: none, but for the rows that show that they would be."""

    @property
    def name(self) -> str:
        """For tests."""
        return self.run.__name__

    @property
    def words(self) -> str:
        """What is tried."""
        return (self.run.__doc__ or "").strip()


ROUTES = (
    Route("environment", started.port_variable, NOT_LIVE),
    Route("environment", started.account_variable, NOT_LIVE),
    Route("environment", started.mode_variables, NOT_LIVE),
    Route("environment", started.phrase_variables, WAITS),
    Route("command line", started.port_argument, NOT_LIVE),
    Route("command line", started.mode_argument, "written in its file alone"),
    Route("command line", started.phrase_argument, "there is no setting 'phrase'"),
    Route("command line", started.profile_argument, WAITS),
    Route("config merge", started.merged_pin, "only the file says which account is traded live"),
    Route("config merge", started.merged_without_pin, "only the file says which account is traded live"),
    Route("config merge", started.merged_phrase, "there is no setting 'phrase'"),
    Route("config merge", started.merged_name, WAITS),
    Route("config merge", started.merged_paper_pin, NOT_LIVE),
    Route("port forward", started.port_forward, NOT_LIVE),
    Route("port forward", started.mixed_login, NOT_LIVE),
    Route("port forward", started.other_login, "not with the pinned account"),
    Route("login change", started.login_on_reconnect, NOT_LIVE),
    Route("login change", started.login_within, NOT_LIVE),
    Route("login change", started.login_in_handshake, NOT_LIVE),
    Route("hot reload", started.hot_reload, "REFUSED: BAD_COMMAND, NOT_CONNECTED"),
    Route("script API", asked.script, NOT_CONFIRMED),
    Route("script API", asked.other_name, NOT_CONFIRMED),
    Route("script API", asked.grant_over, NOT_CONFIRMED),
    Route("order plane", plane.order_plane, NOT_CONFIRMED),
    Route("order plane", plane.order_plane_anew, NOT_CONFIRMED, ("placeOrder",)),
    Route("another desk", asked.second_desk, NOT_CONFIRMED),
    Route("another desk", asked.confirmed_before, WAITS),
    Route("direct call", asked.direct_call, NOT_CONFIRMED),
    Route("replay, import", asked.replay, "ACCOUNT"),
    Route("read-only", asked.read_only, "READ_ONLY"),
    Route("no way round", asked.counted, "sent", ("placeOrder", "placeOrder")),
)
"""Every row of the table."""


class Tried(NamedTuple):
    """What came of a route."""

    said: str
    frames: tuple[str, ...]
    """Frames about orders on the wire."""

    def stands(self, route: Route) -> bool:
        """True if the guard held, in the words that were expected."""
        return route.said in self.said and self.frames == route.frames


async def try_route(route: Route) -> Tried:
    """Try one route on a stage of its own."""
    async with Stage() as stage:
        said = await route.run(stage)
        return Tried(said, tuple(stage.order_frames))


async def main(names: Sequence[str]) -> int:
    """Try the routes of these names (none: all), one after another, and print the table; 1 if one leads round."""
    routes = [route for route in ROUTES if not names or route.name in names]
    failed = 0
    for route in routes:
        found = await try_route(route)
        held = found.stands(route)
        failed += not held
        frames = ", ".join(found.frames) or "none"
        sys.stdout.write(f"{'held' if held else 'FAILED':6}  {route.way:14}  {frames:22}  {route.words}\n")
        sys.stdout.write(f"{'':48}  {found.said}\n")
    sys.stdout.write(f"{len(routes)} routes, {failed} failed.\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
