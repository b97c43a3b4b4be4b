"""Only what was typed letter by letter is focused by Enter."""

from __future__ import annotations

from core.domain.commands import SymbolMatches
from core.domain.instruments import SecType, SymbolMatch
from tui.hands.symbols import exact_match, match_label, search_words


def found(con_id: int, symbol: str, currency: str = "USD", sec_type: SecType = SecType.STK) -> SymbolMatch:
    return SymbolMatch(
        con_id=con_id, symbol=symbol, sec_type=sec_type, primary_exchange="X", currency=currency, name=""
    )


AAPL, AAPL_CHF, AAPLW = found(1, "AAPL"), found(2, "AAPL", "CHF"), found(3, "AAPLW")
ES = found(4, "ES", sec_type=SecType.FUT)
ES_STOCK = found(5, "ES")
EUR = found(6, "EUR", sec_type=SecType.CASH)


def test_the_whole_symbol_in_any_case() -> None:
    assert exact_match("aapl", [AAPLW, AAPL]) is AAPL
    assert exact_match(" AAPL ", [AAPL]) is AAPL


def test_a_part_of_a_symbol_is_not_it() -> None:
    assert exact_match("aap", [AAPL]) is None
    assert exact_match("", [AAPL]) is None


def test_of_several_listings_the_watched_one_then_the_accounts_currency() -> None:
    assert exact_match("aapl", [AAPL_CHF, AAPL]) is AAPL
    assert exact_match("aapl", [AAPL_CHF, AAPL], currency="CHF") is AAPL_CHF
    assert exact_match("aapl", [AAPL_CHF, AAPL], known=(2,)) is AAPL_CHF
    assert exact_match("aapl", [AAPL_CHF, AAPL], currency="EUR") is None


def test_futures_and_pairs_by_their_own_names() -> None:
    assert exact_match("/es", [ES_STOCK, ES]) is ES
    assert exact_match("es", [ES, ES_STOCK]) is ES_STOCK
    assert exact_match("es", [ES]) is ES
    assert exact_match("eur.usd", [EUR]) is EUR
    assert [match_label(match) for match in (AAPL, ES, EUR)] == ["AAPL", "/ES", "EUR.USD"]


def test_words() -> None:
    none = SymbolMatches(pattern="qqqx", matches=())
    some = SymbolMatches(pattern="aapl", matches=(AAPL, AAPL_CHF))

    assert search_words("qqqx", none, None) == (
        "No instrument matches QQQX. Futures begin with /, currency pairs are EUR.USD."
    )
    assert search_words("aapl", some, AAPL) == "Enter focuses AAPL X USD."
    assert search_words("aapl", some, None).startswith("2 listings are named AAPL.")
    assert search_words("aap", some, None).startswith("None of these is named AAP.")
