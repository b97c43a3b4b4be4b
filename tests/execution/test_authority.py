"""Who may trade: the phrase, grants of live trading, and armed mode, which all end with the connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from msgspec.structs import replace

from core.domain.authority import Arm, Armed, AtDesk, Authority, ConfirmLive, Disarm, EndGrant, GrantLive, is_desk
from core.domain.commands import (
    AcceptTailLoss,
    Ack,
    CancelOrder,
    Command,
    DenialCode,
    EnableScript,
    Kill,
    ModifyOrder,
    PlaceOrder,
    PreviewOrder,
    Resume,
    SettleOrder,
    Verdict,
)
from core.domain.connection import LinkState, Mode
from core.domain.entries import FactRecorded
from core.domain.events import AuthorityUpdated, Incident, Severity
from core.domain.reports import AccountsReport
from core.execution.authority import ARMED_SECONDS, GRANT_SECONDS
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import buy, ref
from tests.execution.rig import Rig, rig, settle

LIVE = "U1234456"
PHRASE = "trade live 456"
ONE, TWO, SCRIPT, OTHER = "desk-1", "desk-2", "script-3", "script-4"


def live_account(broker: FakeBroker) -> None:
    """The gateway is logged in to a live account."""
    broker.accounts = (LIVE,)


@asynccontextmanager
async def live(*clients: str) -> AsyncIterator[Rig]:
    """A live profile that waits for the phrase, with clients attached."""
    async with rig(mode=Mode.LIVE, account=LIVE, ready=False, prepare=live_account) as desk:
        await desk.until_state(LinkState.AWAITING_CONFIRMATION)
        for client in clients:
            desk.service.desk_attached(client)
        yield desk


@asynccontextmanager
async def confirmed() -> AsyncIterator[Rig]:
    """A live profile that desk-1 has confirmed, connected and quoted; desk-2 and two scripts are attached."""
    async with live(ONE, TWO, SCRIPT, OTHER) as desk:
        assert (await desk.send(ConfirmLive(phrase=PHRASE), ONE)).ok
        await desk.until_state(LinkState.READY)
        await settle()
        desk.quote()
        yield desk


def code(ack: Ack) -> DenialCode | None:
    """Why not; None where it was done."""
    return None if ack.denied is None else ack.denied.code


def is_let_in(ack: Ack) -> bool:
    """True if the live guard let it pass, whatever the controls of orders say to it."""
    return code(ack) is not DenialCode.LIVE_NOT_CONFIRMED


def words(ack: Ack) -> str:
    """What a person is told."""
    assert ack.denied is not None
    return ack.denied.message


def order(number: int = 1) -> PlaceOrder:
    """A new order of the live account."""
    return PlaceOrder(request=replace(buy(number), account=LIVE))


def authority(desk: Rig) -> Authority:
    """What desks are shown; the last event of it says the same."""
    told = [event.authority for event in desk.events if isinstance(event, AuthorityUpdated)]
    shown = desk.snapshot.authority
    assert told[-1:] in ([shown], [])
    return shown


async def granted(desk: Rig, client: str = SCRIPT) -> None:
    """A person grants it at desk-1."""
    assert (await desk.send(GrantLive(client=client, phrase=PHRASE), ONE)).ok


@pytest.mark.parametrize("client", ["desk", "desk-1", "desk-12"])
def test_what_is_a_desk(client: str) -> None:
    assert is_desk(client)


@pytest.mark.parametrize("client", ["", "desk-", "desk-x", "desk-1-2", "desks-1", "my desk-1", "script-1", "-1", "1"])
def test_what_is_none(client: str) -> None:
    assert not is_desk(client)


@pytest.mark.covers("D5.3")
@pytest.mark.parametrize("client", [TWO, SCRIPT])
@jumping
async def test_whatever_trades_or_speaks_for_a_person_is_denied_until_confirmed(client: str) -> None:
    async with confirmed() as desk:
        wanted: list[Command] = [
            order(),
            ModifyOrder(order_ref=ref(1), revision=0),
            Resume(),
            AcceptTailLoss(),
            EnableScript(script="script"),
            SettleOrder(order_ref=ref(1), verdict=Verdict.NOT_PLACED),
        ]
        for command in wanted:
            assert code(await desk.send(command, client)) is DenialCode.LIVE_NOT_CONFIRMED
        assert desk.broker.placed == []

        assert code(await desk.send(CancelOrder(order_ref=ref(1)), client)) is DenialCode.UNKNOWN_ORDER
        assert (await desk.send(PreviewOrder(request=order().request), client)).ok
        await desk.pass_time(60)
        assert desk.broker.asked_about == [], "a what-if leaves for nobody who may not trade"


@jumping
async def test_only_a_desk_takes_the_phrase_and_only_of_a_live_profile() -> None:
    async with live(ONE, SCRIPT) as desk:
        refused = await desk.send(ConfirmLive(phrase=PHRASE), SCRIPT)
        assert code(refused) is DenialCode.LIVE_NOT_CONFIRMED
        assert words(refused) == (
            "The live phrase is typed at a desk, and script-3 is none. Have live trading granted to it there: "
            "Ctrl+P, grant."
        )
        await desk.pass_time(60)
        assert desk.broker.opened == []
    async with rig() as paper:
        assert code(await paper.send(ConfirmLive(phrase="trade live "), ONE)) is DenialCode.BAD_COMMAND


@pytest.mark.covers("D5.3")
@jumping
async def test_a_granted_script_trades_and_says_nothing_for_a_person() -> None:
    async with confirmed() as desk:
        refused = await desk.send(order(), SCRIPT)
        assert words(refused) == (
            "Nobody has granted live trading to script-3. Not sent. At a desk that has confirmed it: Ctrl+P, grant, "
            "then the phrase and script-3."
        )
        await granted(desk)

        assert is_let_in(await desk.send(order(), SCRIPT))
        assert code(await desk.send(order(2), OTHER)) is DenialCode.LIVE_NOT_CONFIRMED, "its name alone was granted"
        assert code(await desk.send(order(2), "script-33")) is DenialCode.LIVE_NOT_CONFIRMED
        spoken = await desk.send(Resume(), SCRIPT)
        assert words(spoken) == (
            "This is a person's own word, not that of script-3. Nothing has changed. Say it at a desk."
        )
        (grant,) = authority(desk).grants
        assert (grant.client, grant.by) == (SCRIPT, ONE)
        assert authority(desk).others == (SCRIPT, OTHER)


@jumping
async def test_who_granted_what_is_in_the_journal() -> None:
    async with confirmed() as desk:
        await granted(desk)
        await desk.send(EndGrant(client=SCRIPT), TWO)

        written = [
            entry.fact.text
            for entry in desk.journal.rows
            if isinstance(entry, FactRecorded) and isinstance(entry.fact, Incident)
        ]
        assert written == [
            "Live trading was confirmed at desk-1.",
            "Live trading was granted to script-3 at desk-1, until 10 min pass without an order of it, or until one of "
            "the two goes.",
            "Live trading is granted to script-3 no longer: it was ended at desk-2.",
        ]


@pytest.mark.parametrize(
    ("client", "phrase", "by", "denied"),
    [
        (SCRIPT, PHRASE, TWO, DenialCode.LIVE_NOT_CONFIRMED),
        (SCRIPT, PHRASE, SCRIPT, DenialCode.LIVE_NOT_CONFIRMED),
        (SCRIPT, PHRASE, OTHER, DenialCode.LIVE_NOT_CONFIRMED),
        (SCRIPT, "trade live 457", ONE, DenialCode.LIVE_NOT_CONFIRMED),
        (SCRIPT, "", ONE, DenialCode.LIVE_NOT_CONFIRMED),
        ("script", PHRASE, ONE, DenialCode.BAD_COMMAND),
        ("script-9", PHRASE, ONE, DenialCode.BAD_COMMAND),
        ("", PHRASE, ONE, DenialCode.BAD_COMMAND),
        (TWO, PHRASE, ONE, DenialCode.BAD_COMMAND),
    ],
)
@jumping
async def test_what_grants_nothing(client: str, phrase: str, by: str, denied: DenialCode) -> None:
    async with confirmed() as desk:
        assert code(await desk.send(GrantLive(client=client, phrase=phrase), by)) is denied

        assert authority(desk).grants == ()
        assert code(await desk.send(order(), SCRIPT)) is DenialCode.LIVE_NOT_CONFIRMED
        assert code(await desk.send(order(), TWO)) is DenialCode.LIVE_NOT_CONFIRMED


@jumping
async def test_there_is_nothing_to_grant_on_paper() -> None:
    async with rig() as desk:
        desk.service.desk_attached(SCRIPT)
        assert code(await desk.send(GrantLive(client=SCRIPT, phrase="trade live "), ONE)) is DenialCode.BAD_COMMAND
        assert is_let_in(await desk.send(PlaceOrder(request=buy()), SCRIPT))


@pytest.mark.parametrize("end", ["idle", "reconnect", "login", "suspend", "granted goes", "granter goes", "a word"])
@jumping
async def test_what_ends_a_grant(end: str) -> None:
    async with confirmed() as desk:
        await granted(desk)
        match end:
            case "idle":
                await desk.pass_time(GRANT_SECONDS - 1)
                assert is_let_in(await desk.send(order(), SCRIPT))
                await desk.pass_time(GRANT_SECONDS - 1)
                assert authority(desk).grants != (), "an order keeps it alive"
                await desk.pass_time(2)
            case "reconnect":
                desk.broker.lose()
                assert authority(desk).grants == ()
                await desk.until_state(LinkState.AWAITING_CONFIRMATION)
                await desk.send(ConfirmLive(phrase=PHRASE), ONE)
                await desk.until_state(LinkState.READY)
            case "login":
                desk.say(AccountsReport(accounts=(LIVE, "U9999999")))
            case "suspend":
                desk.clock.sleep(30.0)
                await desk.pass_time(3)
            case "granted goes":
                desk.service.desk_gone(SCRIPT)
                desk.service.desk_attached(SCRIPT)
            case "granter goes":
                desk.service.desk_gone(ONE)
            case _:
                await desk.send(EndGrant(client=SCRIPT), TWO)

        assert authority(desk).grants == ()
        placed = len(desk.broker.placed)
        assert code(await desk.send(order(2), SCRIPT)) is DenialCode.LIVE_NOT_CONFIRMED
        assert len(desk.broker.placed) == placed
        assert any(text.startswith("Live trading is granted to script-3 no longer: ") for text in desk.told())


@jumping
async def test_a_script_ends_no_grant_but_its_own() -> None:
    async with confirmed() as desk:
        await granted(desk)
        assert code(await desk.send(EndGrant(client=SCRIPT), OTHER)) is DenialCode.BAD_COMMAND
        assert is_let_in(await desk.send(order(), SCRIPT))
        assert (await desk.send(EndGrant(client=SCRIPT), SCRIPT)).ok
        assert code(await desk.send(order(2), SCRIPT)) is DenialCode.LIVE_NOT_CONFIRMED


@pytest.mark.parametrize("mode", [Mode.PAPER, Mode.PRACTICE])
@jumping
async def test_paper_is_armed_without_a_phrase_and_ends_with_ten_idle_minutes(mode: Mode) -> None:
    async with rig(mode=mode) as desk:
        assert desk.service.authority.armed() is None
        assert (await desk.send(Arm(), ONE)).ok

        armed = authority(desk).armed
        assert armed == Armed(client=ONE, until=desk.clock.utc() + timedelta(minutes=10))
        assert desk.service.authority.armed(ONE) == desk.service.authority.armed() == armed
        assert desk.service.authority.armed(TWO) is None
        await desk.pass_time(ARMED_SECONDS[mode] - 1)
        assert authority(desk).armed == armed
        await desk.pass_time(1.5)
        assert authority(desk).armed is None
        assert desk.told() == [
            "desk-1 is armed until 10 min pass without a key there.",
            "desk-1 is armed no longer: no key was pressed there for 10 min.",
        ]


@jumping
async def test_a_key_at_the_armed_desk_keeps_it_armed_and_no_other() -> None:
    async with rig() as desk:
        await desk.send(Arm(), ONE)
        await desk.pass_time(599)
        await desk.send(AtDesk(), ONE)
        await desk.pass_time(599)
        assert desk.service.authority.armed(ONE) is not None
        await desk.send(AtDesk(), TWO)
        await desk.pass_time(2)
        assert desk.service.authority.armed() is None
        await desk.send(AtDesk(), ONE)
        assert desk.service.authority.armed() is None, "a key does not arm again"


@pytest.mark.covers("D5.3")
@jumping
async def test_live_is_armed_by_the_phrase_at_a_confirmed_desk_for_two_minutes() -> None:
    async with confirmed() as desk:
        for phrase, client, denied in (
            ("", ONE, DenialCode.LIVE_NOT_CONFIRMED),
            ("trade live 457", ONE, DenialCode.LIVE_NOT_CONFIRMED),
            (PHRASE, TWO, DenialCode.LIVE_NOT_CONFIRMED),
            (PHRASE, SCRIPT, DenialCode.BAD_COMMAND),
        ):
            assert code(await desk.send(Arm(phrase=phrase), client)) is denied
            assert authority(desk).armed is None
        await granted(desk)
        assert code(await desk.send(Arm(phrase=PHRASE), SCRIPT)) is DenialCode.BAD_COMMAND

        assert (await desk.send(Arm(phrase=PHRASE), ONE)).ok
        await desk.pass_time(119)
        assert authority(desk).armed is not None
        await desk.pass_time(2)
        assert authority(desk).armed is None
        assert is_let_in(await desk.send(order(), ONE)), "what was confirmed stays confirmed"


@jumping
async def test_nothing_is_armed_before_an_account_is_verified() -> None:
    async with live(ONE) as desk:
        assert code(await desk.send(Arm(phrase=PHRASE), ONE)) is DenialCode.NOT_CONNECTED
    async with rig(read_only=True) as desk:
        assert code(await desk.send(Arm(), ONE)) is DenialCode.READ_ONLY


@pytest.mark.parametrize("end", ["esc", "reconnect", "login", "suspend", "wall clock", "goes", "another desk", "kill"])
@jumping
async def test_what_ends_armed_mode(end: str) -> None:
    async with rig() as desk:
        for client in (ONE, TWO):
            desk.service.desk_attached(client)
        await desk.send(Arm(), ONE)
        match end:
            case "esc":
                await desk.send(Disarm(), TWO)
                assert desk.service.authority.armed(ONE) is not None, "another desk's Esc is its own"
                await desk.send(Disarm(), ONE)
            case "reconnect":
                desk.broker.lose()
            case "login":
                desk.say(AccountsReport(accounts=("DU7654321",)))
            case "suspend":
                desk.clock.sleep(30.0)
                await desk.pass_time(3)
            case "wall clock":
                desk.clock.sleep(600.0)
            case "goes":
                desk.service.desk_gone(ONE)
            case "another desk":
                await desk.send(Arm(), TWO)
                assert desk.service.authority.armed(TWO) is not None
            case _:
                assert desk.service.kill(Kill(), TWO).ok

        assert desk.service.authority.armed(ONE) is None
        if end not in {"another desk", "wall clock"}:
            assert authority(desk).armed is None


@jumping
async def test_a_reconnect_does_not_bring_anything_back() -> None:
    async with rig() as desk:
        await desk.send(Arm(), ONE)
        desk.broker.lose()
        await desk.until_state(LinkState.READY)

        assert authority(desk).armed is None
        assert "desk-1 is armed no longer: the connection ended." in desk.told(Severity.INFO)


@jumping
async def test_a_failed_attempt_ends_the_confirmation_too() -> None:
    async with live(ONE) as desk:
        desk.broker.accounts = ("U9999999",)
        await desk.send(ConfirmLive(phrase=PHRASE), ONE)
        await desk.until(lambda: len(desk.broker.opened) == 1 and desk.connection.attempt > 0)
        desk.broker.accounts = (LIVE,)

        assert code(await desk.send(order(), ONE)) is DenialCode.LIVE_NOT_CONFIRMED
