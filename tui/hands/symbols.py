"""Which of the found instruments a typed text means: the one that it names exactly, or none."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.domain.commands import SymbolMatches
from core.domain.instruments import SecType, SymbolMatch


def match_label(match: SymbolMatch) -> str:
    """What a person types for it: `AAPL`, `/ES`, `EUR.USD`."""
    if match.sec_type is SecType.FUT:
        return f"/{match.symbol}"
    if match.sec_type is SecType.CASH:
        return f"{match.symbol}.{match.currency}"
    return match.symbol


def exact_match(
    text: str, matches: Sequence[SymbolMatch], known: Collection[int] = (), currency: str = "USD"
) -> SymbolMatch | None:
    """The instrument that `text` names letter by letter, whatever its case; None if there is none, or no telling.

    Args:
        text: What was typed.
        matches: What the broker found.
        known: Contract numbers on the watchlist: among several listings these come first.
        currency: The account's: among several listings those in it come next.
    """
    wanted = text.strip().upper()
    found = [match for match in matches if match_label(match).upper() == wanted]
    found = found or [match for match in matches if match.symbol.upper() == wanted]
    if len(found) == 1:
        return found[0]
    for narrower in (
        [match for match in found if match.con_id in known],
        [match for match in found if match.currency == currency],
    ):
        if len(narrower) == 1:
            return narrower[0]
    return None


def search_words(text: str, answer: SymbolMatches, chosen: SymbolMatch | None) -> str:
    """What the answer means for Enter, for a person."""
    shown = text.strip().upper()
    if not answer.matches:
        return f"No instrument matches {shown}. Futures begin with /, currency pairs are EUR.USD."
    if chosen is not None:
        return f"Enter focuses {match_label(chosen)} {chosen.primary_exchange} {chosen.currency}."
    named = [match for match in answer.matches if match.symbol.upper() == shown]
    if named:
        return f"{len(named)} listings are named {shown}. Choose one with ↑↓, then Enter."
    return f"None of these is named {shown}. Choose one with ↑↓, then Enter."
