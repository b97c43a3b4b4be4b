"""Reaching the core of a profile: the one that runs, a new one, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.api import DeskClient, ensure_connected
from core.errors import ConfigError, LinkError, LockHeldError
from core.link.paths import state_root
from core.scripting.connecting import connected, leave
from tests.desk_home import DeskHome


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskHome]:
    """A home in which nothing runs yet."""
    with DeskHome() as home:
        for name, value in home.env.items():
            monkeypatch.setenv(name, value)
        yield home


async def session(client: DeskClient) -> str:
    return (await client.snapshot()).session


@pytest.mark.covers("D0.1", "D4.1")
async def test_core_is_started_shared_and_ends_with_the_last_client(home: DeskHome) -> None:
    """The second client gets the first one's core; another gateway is refused; nothing is left in the end."""
    first = await connected("practice", "one")
    assert (await ensure_connected(first, 15.0)).can_trade
    second = await connected("", "two", start=False)
    shared = await session(first)
    assert await session(second) == shared

    with pytest.raises(LockHeldError, match=r"its own practice gateway; you asked for 127\.0\.0\.1:4321"):
        await connected("practice", "three", arguments={"port": "4321"})

    await leave(second)
    assert await session(first) == shared
    await leave(first)
    assert home.wait_empty(10.0) == []


async def test_without_a_core_none_is_started_where_none_is_wanted(home: DeskHome) -> None:
    with pytest.raises(LinkError, match="Profile practice has never been started here"):
        await connected("practice", "script", start=False)
    assert not (state_root() / "practice").exists()


async def test_settings_that_cannot_be_used_start_nothing(home: DeskHome) -> None:
    with pytest.raises(ConfigError, match="There is no profile 'nosuch'"):
        await connected("nosuch", "script")
    with pytest.raises(ConfigError, match="--timeout-seconds"):
        await connected("practice", "script", arguments={"timeout_seconds": "soon"})
    assert home.processes() == []


async def test_script_can_not_pass_for_a_desk(home: DeskHome) -> None:
    for name in ("desk", "desk-7", " desk\n", "de\u200bsk"):
        with pytest.raises(ValueError, match="a screen with a person"):
            await connected("practice", name)
