"""The live guard: no socket without a permit, no session with accounts that do not fit."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.connection import Endpoint, Mode
from core.errors import LiveGuardError
from core.risk.live_guard import (
    LIVE_PORTS,
    LiveConfirmation,
    live_phrase,
    looks_like_paper,
    permit,
    verify_accounts,
    why_not_verified,
)
from core.text import mask_account
from tests.risk.test_prices import PLAIN

LIVE, OTHER_LIVE, PAPER, OTHER_PAPER = "U1234456", "U9999999", "DU1234567", "DF7654321"
PORTS = (7497, 4002, 4004, 7500, 1, 65535, *sorted(LIVE_PORTS))
CONFIRMED = {account: LiveConfirmation(account, live_phrase(account)) for account in (LIVE, OTHER_LIVE, PAPER)}


def refused(endpoint: Endpoint, mode: Mode, pinned: str, confirmation: LiveConfirmation | None) -> str:
    """Why no permit is given; empty when one is."""
    try:
        granted = permit(endpoint, mode, pinned, confirmation, read_only=False)
    except LiveGuardError as error:
        return str(error)
    assert (granted.endpoint, granted.mode, granted.pinned_account) == (endpoint, mode, pinned)
    return ""


@pytest.mark.covers("D5.3")
def test_live_ports_are_those_of_the_specification() -> None:
    assert {7496, 4001, 4003, 7498} == LIVE_PORTS


@pytest.mark.covers("D5.3")
@pytest.mark.parametrize(
    ("mode", "port", "pinned", "confirmed"), product(Mode, PORTS, ("", LIVE, PAPER), (None, LIVE, OTHER_LIVE, PAPER))
)
def test_who_may_open_a_socket(mode: Mode, port: int, pinned: str, confirmed: str | None) -> None:
    confirmation = None if confirmed is None else CONFIRMED[confirmed]
    allowed = (pinned, confirmed) == (LIVE, LIVE) if mode is Mode.LIVE else port not in LIVE_PORTS

    text = refused(Endpoint("127.0.0.1", port), mode, pinned, confirmation)

    assert (text == "") == allowed
    if text:
        assert "ot connected" in text
        assert LIVE not in text
        assert PAPER not in text


def test_the_question_before_live() -> None:
    text = refused(Endpoint("127.0.0.1", 7496), Mode.LIVE, LIVE, None)

    assert text == (
        'LIVE account U…456. Orders from here use real money. Not connected. Type "trade live 456" at a desk to go on.'
    )


@pytest.mark.parametrize("port", sorted(LIVE_PORTS))
def test_a_live_port_outside_the_live_profile_says_where_paper_is(port: int) -> None:
    text = refused(Endpoint("127.0.0.1", port), Mode.PAPER, "", None)

    assert text.startswith(f"Port {port} is where a live gateway listens, and this is not the live profile.")
    assert "7497" in text
    assert "4002" in text


def test_live_without_a_pinned_account_says_where_to_pin_it() -> None:
    assert 'Add account = "U…" to the live profile.' in refused(Endpoint("h", 7496), Mode.LIVE, "", None)


@pytest.mark.parametrize("phrase", ["trade live 456", "  trade   live 456 ", "trade\tlive\n456"])
def test_the_phrase_confirms_one_account(phrase: str) -> None:
    assert LiveConfirmation(LIVE, phrase).account == LIVE


@pytest.mark.parametrize(
    "phrase", ["", "trade live", "trade live 999", "TRADE LIVE 456", "trade live 4456", "yes", "trade live U1234456"]
)
def test_anything_else_confirms_nothing(phrase: str) -> None:
    with pytest.raises(LiveGuardError) as refusal:
        LiveConfirmation(LIVE, phrase)

    assert str(refusal.value) == (
        'That is not the phrase for U…456. Type "trade live 456" to trade live, or Esc to stay unconnected.'
    )


ACCOUNT_LISTS = [
    (),
    (PAPER,),
    (PAPER, OTHER_PAPER),
    (LIVE,),
    (OTHER_LIVE,),
    (PAPER, LIVE),
    (LIVE, PAPER),
    (LIVE, OTHER_LIVE),
    (LIVE, LIVE),
    ("",),
    (PAPER, ""),
]


@pytest.mark.row(70)
@pytest.mark.covers("D5.3")
@pytest.mark.parametrize(
    ("mode", "pinned", "accounts"),
    [
        *product((Mode.PRACTICE, Mode.PAPER), ("", PAPER, OTHER_PAPER, LIVE), ACCOUNT_LISTS),
        *product((Mode.LIVE,), (LIVE,), ACCOUNT_LISTS),
    ],
)
def test_which_accounts_may_stand_behind_a_socket(mode: Mode, pinned: str, accounts: tuple[str, ...]) -> None:
    granted = permit(
        Endpoint("127.0.0.1", 7497), mode, pinned, CONFIRMED[LIVE] if mode is Mode.LIVE else None, read_only=False
    )
    if mode is Mode.LIVE:
        fits, reason = set(accounts) == {LIVE}, "pinned account"
    else:
        all_paper = set(accounts) <= {PAPER, OTHER_PAPER}
        fits, reason = bool(accounts) and all_paper and (not pinned or pinned in accounts), "paper prefix"

    if fits:
        assert verify_accounts(granted, accounts) == reason
        return
    with pytest.raises(LiveGuardError) as refusal:
        verify_accounts(granted, accounts)
    text = str(refusal.value)
    assert "isconnected; nothing was sent." in text
    assert not any(account in text for account in (LIVE, OTHER_LIVE, PAPER, OTHER_PAPER))


@pytest.mark.row(70)
def test_a_live_account_behind_a_paper_port() -> None:
    granted = permit(Endpoint("127.0.0.1", 7497), Mode.PAPER, "", None, read_only=False)

    with pytest.raises(LiveGuardError) as refusal:
        verify_accounts(granted, [LIVE])

    assert str(refusal.value) == (
        "This is not a paper account: port 7497 answered with U…456. Disconnected; nothing was sent. "
        "Check which TWS is logged in, or choose the live profile."
    )


@pytest.mark.parametrize(
    ("mode", "pinned", "accounts", "words"),
    [
        (
            Mode.PAPER,
            "",
            (),
            "Port 7497 answered without any account, so it can't be told from live. Disconnected; nothing was sent. "
            "Check that TWS has finished its login.",
        ),
        (
            Mode.LIVE,
            LIVE,
            (LIVE, OTHER_LIVE),
            f"Port 7497 answered with {mask_account(OTHER_LIVE)}, not with the pinned account {mask_account(LIVE)} "
            "alone. Disconnected; nothing was sent. Check which TWS is logged in.",
        ),
        (
            Mode.PAPER,
            PAPER,
            (OTHER_PAPER,),
            f"Port 7497 answered with {mask_account(OTHER_PAPER)}, not with the profile's account "
            f"{mask_account(PAPER)}. Disconnected; nothing was sent. Check which TWS is logged in, or "
            "the profile's account.",
        ),
    ],
)
def test_words_about_accounts_that_do_not_fit(mode: Mode, pinned: str, accounts: tuple[str, ...], words: str) -> None:
    confirmation = CONFIRMED[LIVE] if mode is Mode.LIVE else None
    granted = permit(Endpoint("127.0.0.1", 7497), mode, pinned, confirmation, read_only=False)

    with pytest.raises(LiveGuardError) as refusal:
        verify_accounts(granted, accounts)

    assert str(refusal.value) == words


def test_an_order_for_another_account_is_told_all_that_were_verified() -> None:
    refused = why_not_verified(replace(PLAIN, account="DU999"), (PAPER, OTHER_PAPER))

    assert refused is not None
    assert f"({mask_account(PAPER)}, {mask_account(OTHER_PAPER)})" in refused.message


@pytest.mark.parametrize("account", ["DU1234567", "DF123", "DUP1234", "DFP999", "DU123"])
def test_paper_accounts(account: str) -> None:
    assert looks_like_paper(account)


@pytest.mark.parametrize(
    "account",
    [
        "",
        "U1234567",
        "D1234567",
        "DU",
        "DU12",
        "du1234567",
        "DU1234567 ",
        " DU1234567",
        "XDU1234",
        "DU123\n",
        "DU\uff11\uff12\uff13\uff14",
    ],
)
def test_everything_else_counts_as_live(account: str) -> None:
    assert not looks_like_paper(account)


@given(st.text(max_size=12))
def test_paper_is_decided_by_its_prefix_and_digits_alone(account: str) -> None:
    if looks_like_paper(account):
        assert account[:2] in ("DU", "DF")
        assert account.isascii()
        assert account.isalnum()
