"""The guard before live trading: it alone makes the permit without which no socket is opened.

Three facts are needed for live: a profile that says so, a pinned account, and the phrase typed by a person in this
session. Ports prove nothing, so after every connection the managed accounts decide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.domain.commands import Denial, DenialCode
from core.domain.connection import Endpoint, Mode
from core.domain.orders import OrderRequest
from core.errors import LiveGuardError
from core.ports import ConnectPermit
from core.text import mask_account

LIVE_PORTS = frozenset({7496, 4001, 4003, 7498})
"""Ports where live gateways listen: TWS, IB Gateway, and the relays that container images put before them."""

_PAPER_ACCOUNT = re.compile(r"D[UF][A-Z]?[0-9]{3,}")


def looks_like_paper(account: str) -> bool:
    """True for the account numbers that IBKR gives to paper trading (`DU…`, `DF…`); anything else counts as live."""
    return _PAPER_ACCOUNT.fullmatch(account) is not None


def live_phrase(account: str) -> str:
    """What a person types to trade live in `account`: `trade live` and its last three characters."""
    return f"trade live {account[-3:]}"


class LiveConfirmation:
    """A phrase that was typed and is right: for one account, in one session of core."""

    __slots__ = ("account",)

    def __init__(self, account: str, phrase: str) -> None:
        """Raises LiveGuardError if the phrase is not the one for `account`."""
        if " ".join(phrase.split()) != live_phrase(account):
            raise LiveGuardError(
                f'That is not the phrase for {mask_account(account)}. Type "{live_phrase(account)}" to trade live, '
                "or Esc to stay unconnected."
            )
        self.account = account


def permit(
    endpoint: Endpoint, mode: Mode, pinned_account: str, confirmation: LiveConfirmation | None, *, read_only: bool
) -> ConnectPermit:
    """Leave to open a socket to `endpoint`. Raises LiveGuardError, with what to do, where there must be none."""
    if mode is Mode.LIVE:
        if not pinned_account:
            raise LiveGuardError(
                "Live trading needs the account pinned in the profile. Not connected; nothing was sent. "
                'Add account = "U…" to the live profile.'
            )
        if looks_like_paper(pinned_account):
            raise LiveGuardError(
                f"The live profile pins {mask_account(pinned_account)}, which is a paper account. Not connected; "
                "nothing was sent. Use the paper profile for it, or pin the live account."
            )
        if confirmation is None or confirmation.account != pinned_account:
            raise LiveGuardError(
                f"LIVE account {mask_account(pinned_account)}. Orders from here use real money. Not connected. "
                f'Type "{live_phrase(pinned_account)}" at a desk to go on.'
            )
        return ConnectPermit(endpoint, mode, pinned_account, read_only=read_only)
    if endpoint.port in LIVE_PORTS:
        raise LiveGuardError(
            f"Port {endpoint.port} is where a live gateway listens, and this is not the live profile. Not connected; "
            "nothing was sent. For paper use 7497 (TWS) or 4002 (IB Gateway); for live choose the live profile, "
            "with its account pinned."
        )
    return ConnectPermit(endpoint, mode, pinned_account, read_only=read_only)


def verify_accounts(granted: ConnectPermit, accounts: Sequence[str]) -> str:
    """Why the accounts behind a connection are believed to be what the permit is for.

    Returns `paper prefix` or `pinned account`. Raises LiveGuardError (disconnect then, send nothing) for an empty
    list, for any account that does not fit, and when the pinned account is not among them.
    """
    port = granted.endpoint.port
    if not accounts:
        raise LiveGuardError(
            f"Port {port} answered without any account, so it can't be told from live. Disconnected; nothing was sent. "
            "Check that TWS has finished its login."
        )
    if granted.mode is Mode.LIVE:
        strangers = [account for account in accounts if account != granted.pinned_account]
        if strangers:
            raise LiveGuardError(
                f"Port {port} answered with {mask_account(strangers[0])}, not with the pinned account "
                f"{mask_account(granted.pinned_account)} alone. Disconnected; nothing was sent. "
                "Check which TWS is logged in."
            )
        return "pinned account"
    for account in accounts:
        if not looks_like_paper(account):
            raise LiveGuardError(
                f"This is not a paper account: port {port} answered with {mask_account(account)}. Disconnected; "
                "nothing was sent. Check which TWS is logged in, or choose the live profile."
            )
    if granted.pinned_account and granted.pinned_account not in accounts:
        raise LiveGuardError(
            f"Port {port} answered with {mask_account(accounts[0])}, not with the profile's account "
            f"{mask_account(granted.pinned_account)}. Disconnected; nothing was sent. Check which TWS is logged in, or "
            "the profile's account."
        )
    return "paper prefix"


def why_not_verified(request: OrderRequest, accounts: Sequence[str]) -> Denial | None:
    """Why an order must not leave for its account: it is none of those that were verified; None if it is one.

    Asked when an order is judged, and again of each leg right before its frame is made: a login may change between.
    """
    if request.account in accounts:
        return None
    known = ", ".join(mask_account(account) for account in accounts) or "none"
    return Denial(
        code=DenialCode.ACCOUNT,
        message=f"Account {mask_account(request.account)} is not one that this connection verified ({known}). "
        "Not sent; choose a verified account.",
    )
