"""From a symbol to the contract that is meant: what a script needs before it can order."""

from __future__ import annotations

from collections.abc import Iterable

from core.api import DeskClient
from core.domain.commands import Qualified, SearchSymbols, SymbolMatches, Watch
from core.domain.denials import DenialCode
from core.domain.instruments import Instrument, SecType, SymbolMatch
from core.errors import OrderValueError
from core.scripting.refusals import error_of

HOME_CURRENCY = "USD"
"""Where several stocks share a ticker, the one in this currency is meant."""


def known_as(symbol: str, instruments: Iterable[Instrument]) -> Instrument | None:
    """The one instrument that is called `symbol`: a label as rows show it (`/ESZ6`, `EUR.USD`) or a contract number.

    None if there is none or several. A stock in another currency has to be named by its number.
    """
    wanted = symbol.strip().upper()
    called = [
        one
        for one in instruments
        if str(one.con_id) == wanted
        or (one.label.upper() == wanted and (one.sec_type is not SecType.STK or one.currency == HOME_CURRENCY))
    ]
    return called[0] if len(called) == 1 else None


async def watched(client: DeskClient, symbol: str) -> Instrument:
    """The contract that IBKR knows as `symbol`, qualified, with its market asked for; it is put on the watchlist.

    Raises OrderValueError if there is none or several could be meant, NotConnectedError, LinkError.
    """
    wanted = symbol.strip().upper()
    con_id = int(wanted) if wanted.isascii() and wanted.isdigit() else await _searched(client, wanted)
    ack = await client.send(Watch(con_id=con_id))
    if ack.denied is not None:
        raise error_of(ack.denied)
    if not isinstance(ack.result, Qualified):
        raise _unknown(f"Core did not say which contract {symbol} is. Nothing was sent. Try again.")
    return ack.result.instrument


async def _searched(client: DeskClient, wanted: str) -> int:
    ack = await client.send(SearchSymbols(pattern=wanted))
    if ack.denied is not None:
        raise error_of(ack.denied)
    found = ack.result.matches if isinstance(ack.result, SymbolMatches) else ()
    exact = [one for one in found if one.symbol.upper() == wanted and one.con_id]
    meant = [one for one in exact if one.sec_type is SecType.STK and one.currency == HOME_CURRENCY] or exact
    if not meant:
        raise _unknown(f"IBKR knows no {wanted}. Nothing was sent. Check the ticker, or give the contract number.")
    if len(meant) > 1:
        several = ", ".join(_told(one) for one in meant)
        raise _unknown(f"{wanted} may be {several}. Nothing was sent. Give the contract number.")
    return meant[0].con_id


def _unknown(text: str) -> OrderValueError:
    return OrderValueError(text, DenialCode.UNKNOWN_INSTRUMENT)


def _told(match: SymbolMatch) -> str:
    place = " ".join(filter(None, (match.sec_type.value, match.primary_exchange, match.currency)))
    return f"{match.con_id} ({place})"
