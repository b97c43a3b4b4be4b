"""The live guard's truth table: no route round it brings a frame about an order to a gateway with a live login."""

from __future__ import annotations

import pytest

from tests.controls.live_guard import ROUTES, Route, try_route


@pytest.mark.row(70)
@pytest.mark.covers("D5.3")
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_route(route: Route) -> None:
    found = await try_route(route)

    assert route.said in found.said
    assert found.frames == route.frames
