"""Commands and a live profile: nothing leaves without a person's word at a desk, and the refusal says so."""

from __future__ import annotations

import asyncio

import pytest

from core.domain.authority import GrantLive
from core.domain.events import AuthorityUpdated, Envelope
from tests.cli.ibdesk import ibdesk
from tests.controls.stage import PHRASE, Stage, typed

PLACE = ("place", "BUY", "1", "AAPL", "--limit", "100", "--profile", "live")


def command_in(envelope: Envelope) -> str | None:
    """The name under which core knows a command that is attached."""
    event = envelope.event
    others = event.authority.others if isinstance(event, AuthorityUpdated) else ()
    return next((name for name in others if name.startswith("ibdesk place")), None)


@pytest.mark.covers("D5.3")
async def test_no_command_trades_live_before_a_person_grants_it() -> None:
    async with Stage() as stage:
        await stage.play()
        stage.live_profile()
        unconfirmed = await asyncio.to_thread(ibdesk, stage.home, *PLACE)
        async with stage.core("desk", profile="live") as desk:
            await typed(desk)
            ungranted = await asyncio.to_thread(ibdesk, stage.home, *PLACE)
            before = list(stage.order_frames)
            seen = len(desk.seen)
            placing = asyncio.create_task(asyncio.to_thread(ibdesk, stage.home, *PLACE, "--await-grant", "20"))
            name = await desk.wait(lambda e: command_in(e) if e in desk.seen[seen:] else None)
            assert (await desk.send(GrantLive(client=name, phrase=PHRASE))).ok
            granted = await placing

    assert unconfirmed.status == 2
    assert "Orders from here use real money. Not connected. Type" in unconfirmed.err
    assert ungranted.status == 1
    assert "Nobody has granted live trading to ibdesk place" in ungranted.err
    assert "No command trades live by itself" in ungranted.err
    assert before == []
    assert (granted.status, stage.order_frames) == (0, ["placeOrder"])
    assert "for a person to grant live trading to ibdesk place" in granted.err
