"""Whose login is behind the connection: permitted, verified, looked at again."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from core.domain.authority import ConfirmLive
from core.domain.commands import DenialCode, PlaceOrder, Reconnect
from core.domain.connection import LinkState, Mode
from core.domain.events import Severity
from core.domain.reports import AccountsReport, RefusedFrameReport
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, ACCOUNT, buy
from tests.execution.rig import rig, settle
from tests.execution.test_connection import denied, link_states

LIVE = "U1234456"


def live_account(broker: FakeBroker) -> None:
    """The gateway is logged in to a live account."""
    broker.accounts = (LIVE,)


@pytest.mark.covers("D5.3")
@jumping
async def test_a_live_account_behind_paper_is_left_at_once_and_not_tried_again() -> None:
    async with rig(ready=False, prepare=live_account) as desk:
        await desk.until_state(LinkState.REFUSED)

        assert desk.connection.problem.startswith("This is not a paper account: port 7497 answered with U…456.")
        assert (desk.broker.is_open, desk.broker.readings, desk.connection.accounts) == (False, 0, ())
        await desk.pass_time(3600)
        assert len(desk.broker.opened) == 1
        await desk.send(Reconnect())
        await desk.until(lambda: len(desk.broker.opened) == 2)


@pytest.mark.covers("D5.3")
@jumping
async def test_live_opens_nothing_before_the_phrase_and_asks_each_desk_for_it() -> None:
    async with rig(mode=Mode.LIVE, account=LIVE, ready=False, prepare=live_account) as desk:
        await desk.until_state(LinkState.AWAITING_CONFIRMATION)
        await desk.pass_time(3600)
        assert desk.broker.opened == []

        wrong = await desk.send(ConfirmLive(phrase="trade live 999"), "desk-1")
        assert denied(wrong) is DenialCode.LIVE_NOT_CONFIRMED
        assert (await desk.send(ConfirmLive(phrase="trade live 456"), "desk-1")).ok
        await desk.until_state(LinkState.READY)
        assert desk.connection.verified_by == "pinned account"

        order = buy(instrument=AAPL)
        assert denied(await desk.send(PlaceOrder(request=order), "desk-2")) is DenialCode.LIVE_NOT_CONFIRMED
        assert denied(await desk.send(PlaceOrder(request=order), "desk-1")) is not DenialCode.LIVE_NOT_CONFIRMED


@pytest.mark.covers("D5.3")
@jumping
async def test_a_live_connection_that_breaks_needs_the_phrase_again() -> None:
    async with rig(mode=Mode.LIVE, account=LIVE, ready=False, prepare=live_account) as desk:
        await desk.until_state(LinkState.AWAITING_CONFIRMATION)
        await desk.send(ConfirmLive(phrase="trade live 456"), "desk-1")
        await desk.until_state(LinkState.READY)

        desk.broker.lose()
        await desk.until_state(LinkState.AWAITING_CONFIRMATION)
        await desk.pass_time(3600)

        assert len(desk.broker.opened) == 1
        assert denied(await desk.send(PlaceOrder(request=buy()), "desk-1")) is DenialCode.LIVE_NOT_CONFIRMED


@pytest.mark.row(70)
@jumping
async def test_a_login_that_changes_is_verified_again() -> None:
    async with rig() as desk:
        desk.broker.accounts = (LIVE,)

        desk.say(AccountsReport(accounts=(LIVE,)))
        assert denied(await desk.place()) is DenialCode.NOT_CONNECTED
        await desk.until_state(LinkState.REFUSED)

        assert desk.told() == ["The accounts behind the connection changed; connecting and verifying again."]


@jumping
async def test_a_login_that_changes_while_the_books_are_read_never_gets_ready() -> None:
    async with rig(ready=False, prepare=lambda broker: broker.answering.clear()) as desk:
        await desk.until_state(LinkState.SYNCING)
        await settle()
        desk.broker.accounts = (LIVE,)
        desk.say(AccountsReport(accounts=(LIVE,)))
        desk.broker.answering.set()

        await desk.until_state(LinkState.REFUSED)

        assert LinkState.READY not in link_states(desk)


@pytest.mark.row(70)
@jumping
async def test_a_login_that_changes_right_behind_the_handshake_is_the_one_that_is_verified() -> None:
    async with rig(
        ready=False, prepare=lambda broker: broker.first_words.append(AccountsReport(accounts=(LIVE,)))
    ) as desk:
        await desk.until_state(LinkState.REFUSED)

        assert desk.connection.problem.startswith("This is not a paper account: port 7497 answered with U…456.")
        assert LinkState.SYNCING not in link_states(desk)


@pytest.mark.row(70)
@pytest.mark.parametrize("modify", [False, True])
@jumping
async def test_the_account_is_looked_at_again_when_the_frame_is_made(modify: bool) -> None:
    """As if a login had changed and been verified anew within one moment, while the journal was writing."""
    async with rig() as desk:
        if modify:
            await desk.working()
        sent = len(desk.broker.placed)
        desk.journal.held = True
        asked = asyncio.ensure_future(desk.modify(price="233.00") if modify else desk.place())
        await settle()
        state = desk.service._state
        state.connection = replace(state.connection, accounts=("DU7654321",))
        desk.journal.release()

        assert denied(await asked) is DenialCode.ACCOUNT
        assert len(desk.broker.placed) == sent


@jumping
async def test_a_frame_that_must_not_leave_a_read_only_profile_is_told() -> None:
    async with rig(read_only=True) as desk:
        assert desk.broker.opened[0].read_only
        desk.say(RefusedFrameReport(message_id="3"))

        assert desk.told(Severity.ALARM) == [
            "A message that is not for reading (number 3 of the TWS API) was about to leave this read-only profile. It "
            "was stopped and nothing was sent. This is a fault of ibdesk: report it."
        ]


@jumping
async def test_the_same_accounts_again_change_nothing() -> None:
    async with rig() as desk:
        desk.say(AccountsReport(accounts=(ACCOUNT,)))

        assert desk.connection.can_trade
        assert desk.told() == []
