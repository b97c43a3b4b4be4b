"""Several accounts behind one login: what each is called, and the next one."""

from __future__ import annotations

from collections.abc import Sequence

from core.text import mask_account

SHOWN = 3
"""Last characters of an account that are shown where they tell it from the others."""


def account_tail(account: str, accounts: Sequence[str]) -> str:
    """Its last characters: as many as no other of `accounts` ends with, at least three."""
    others = [other for other in accounts if other != account]
    for count in range(SHOWN, len(account)):
        if not any(other.endswith(account[-count:]) for other in others):
            return account[-count:]
    return account


def account_name(account: str, accounts: Sequence[str]) -> str:
    """One of `accounts`, masked, yet told from the others: `DU…456`; `no account` for the empty one."""
    masked = mask_account(account)
    return masked[:-SHOWN] + account_tail(account, accounts) if account else masked


def account_mark(account: str, accounts: Sequence[str]) -> str:
    """What stands behind a row's symbol where the login has several accounts: ` …456`; empty where it has one."""
    return f" …{account_tail(account, accounts)}" if len(accounts) > 1 and account else ""


def account_words(account: str, accounts: Sequence[str]) -> str:
    """How a sentence names it where the login has several accounts: ` in DU…456`; empty where it has one."""
    return f" in {account_name(account, accounts)}" if len(accounts) > 1 else ""


def next_account(account: str, accounts: Sequence[str], steps: int) -> str:
    """The account some steps on, round the end; the first one from an account that is not among them."""
    if account not in accounts:
        return accounts[0] if accounts else account
    return accounts[(accounts.index(account) + steps) % len(accounts)]
