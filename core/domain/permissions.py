"""What a profile may trade at all: symbols, classes, exchanges, currencies, accounts, and whether short."""

from __future__ import annotations

from msgspec import Struct


class Permissions(Struct, frozen=True, kw_only=True):
    """Of each kind what is allowed (None allows any) and what is forbidden, which outweighs it. In capitals."""

    allowed_symbols: tuple[str, ...] | None = None
    forbidden_symbols: tuple[str, ...] = ()
    allowed_sec_types: tuple[str, ...] | None = None
    """IBKR's classes: STK, OPT, FUT, CASH, BAG ..."""
    forbidden_sec_types: tuple[str, ...] = ()
    allowed_exchanges: tuple[str, ...] | None = None
    """Where a contract is listed, or where orders for it go: SMART is one of these."""
    forbidden_exchanges: tuple[str, ...] = ()
    allowed_currencies: tuple[str, ...] | None = None
    forbidden_currencies: tuple[str, ...] = ()
    allowed_accounts: tuple[str, ...] | None = None
    forbidden_accounts: tuple[str, ...] = ()
    short: bool = True
    """False: nothing is sold that is not held."""
