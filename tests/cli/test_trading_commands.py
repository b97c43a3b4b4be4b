"""`ibdesk place`, `cancel`, `orders`, `positions` and `account`, as processes at one practice core."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.cli.ibdesk import ibdesk
from tests.desk_home import DeskHome

DONE, REFUSED, NOT_REACHED = 0, 1, 2
ULID_LENGTH = 26


@pytest.fixture(scope="module")
def home() -> Iterator[DeskHome]:
    """A home whose core stays, since an order works there."""
    with DeskHome() as made:
        kept = ibdesk(made, "place", "BUY", "1", "F", "--limit", "1.00", "--tag", "kept")
        assert kept.status == DONE, kept
        yield made


def test_an_order_is_placed_found_and_cancelled(home: DeskHome) -> None:
    placed = ibdesk(home, "place", "BUY", "5", "SPY", "--limit", "0.01", "--tag", "t1", "--strategy", "s1", "--json")
    ref = str(placed.order["order_ref"])
    listed = ibdesk(home, "orders", "--tag", "t1")
    cancelled = ibdesk(home, "cancel", ref)
    again = ibdesk(home, "cancel", ref, "--json")
    name = f"#{placed.order['number']} BUY 5 SPY @ 0.01"
    after = ibdesk(home, "orders", "--all", "--tag", "t1", "--json")

    assert (placed.status, placed.order["state"], placed.order["strategy"]) == (DONE, "WORKING", "s1")
    assert re.search(r"WORKING\s+BUY 5 SPY @ 0.01\s+0/5\s+—\s+t1", listed.out)
    assert (cancelled.status, "BUY 5 SPY @ 0.01 CANCELLED" in cancelled.out) == (DONE, True)
    assert (again.status, again.figures["ok"], again.figures["problem"]) == (
        REFUSED,
        False,
        f"{name} has ended: cancelled.",
    )
    (order,) = after.rows("orders")
    assert order["state"] == "CANCELLED"


@pytest.mark.covers("D4.4", "D4.5")
def test_what_was_bought_is_held_and_paid(home: DeskHome) -> None:
    bought = ibdesk(home, "place", "BUY", "10", "AAPL", "--until", "ended", "--json")
    held = ibdesk(home, "positions", "--json")
    shown = ibdesk(home, "positions")
    account = ibdesk(home, "account", "--json")

    assert (bought.status, bought.order["state"], bought.order["filled"]) == (DONE, "FILLED", "10")
    (position,) = held.rows("positions")
    assert (position["label"], position["quantity"]) == ("AAPL", "10")
    assert position["price"] is not None
    assert position["unrealized_pnl"] is not None
    assert re.search(r"DU…567\s+AAPL\s+10\s+23\d\.\d+", shown.out)
    (figures,) = account.rows("accounts")
    assert all(figures[name] is not None for name in ("cash", "total_value", "buying_power", "maintenance_margin"))


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("BUY", "0", "SPY"), NOT_REACHED, "quantity='0' must be above 0. Nothing was sent."),
        (("BUY", "-5", "SPY"), NOT_REACHED, "quantity='-5' must be above 0. Nothing was sent."),
        (("--limit", "-2", "BUY", "-1.5", "SPY"), NOT_REACHED, "quantity='-1.5' must be above 0. Nothing was sent."),
        (("BUY", "-x5", "SPY"), NOT_REACHED, "No such option"),
        (("BUY", "1", "NOSUCH"), NOT_REACHED, "IBKR knows no NOSUCH. Nothing was sent."),
        (("SELL", "3", "TSLA"), REFUSED, "--short if you mean it"),
    ],
)
def test_what_is_refused_says_why_and_what_to_do(
    home: DeskHome, words: tuple[str, ...], status: int, said: str
) -> None:
    done = ibdesk(home, "place", *words)

    assert (done.status, done.out) == (status, "")
    assert said in done.err


def test_what_a_desk_would_ask_about_says_what_to_do(home: DeskHome) -> None:
    assert ibdesk(home, "limits", "set", "symbols.GME.order_value", "1000").status == DONE

    done = ibdesk(home, "place", "BUY", "36", "GME", "--limit", "25")

    assert (done.status, done.out) == (REFUSED, "")
    assert done.err.rstrip().endswith("Send less, or send it at a desk, which asks for the quantity once more.")


def test_a_preview_sends_nothing(home: DeskHome) -> None:
    seen = ibdesk(home, "place", "BUY", "2", "SPY", "--limit", "1.00", "--tag", "seen", "--preview")

    assert (seen.status, "Nothing was sent." in seen.out) == (DONE, True)
    assert ibdesk(home, "orders", "--all", "--tag", "seen").out == "No order.\n"


def test_all_of_a_tag_are_cancelled_and_no_others(home: DeskHome) -> None:
    for price in ("0.02", "0.03"):
        assert ibdesk(home, "place", "BUY", "1", "SPY", "--limit", price, "--tag", "many").status == DONE

    done = ibdesk(home, "cancel", "--all", "--tag", "many")

    assert (done.status, done.out.count("CANCELLED")) == (DONE, 2)
    assert "kept" in ibdesk(home, "orders").out


def test_a_bracket_goes_out_whole_and_is_cancelled_whole(home: DeskHome) -> None:
    words = ("--limit", "230", "--take-profit", "240", "--stop-loss", "220", "--tif", "GTC", "--tag", "bracket")
    placed = ibdesk(home, "place", "BUY", "2", "AAPL", *words, "--json")
    listed = ibdesk(home, "orders", "--tag", "bracket", "--json").rows("orders")
    done = ibdesk(home, "cancel", "--all", "--tag", "bracket")

    assert placed.status == DONE
    assert [(one["side"], one["limit_price"], one["stop_price"], one["tif"]) for one in listed] == [
        ("BUY", "230.00", None, "GTC"),
        ("SELL", "240.00", None, "GTC"),
        ("SELL", None, "220.00", "GTC"),
    ]
    assert [one["order_ref"] for one in listed[1:]] == placed.figures["attached"]
    assert (done.status, done.out.count("CANCELLED")) == (DONE, 3)


@pytest.mark.covers("D0.13")
def test_health_has_the_fields_of_the_document_and_more(home: DeskHome) -> None:
    done = ibdesk(home, "health", "--json")
    shown = ibdesk(home, "health")
    none = ibdesk(home, "health", "--profile", "paper", "--json")

    assert done.status == DONE
    figures = done.figures
    assert {name: figures[name] for name in ("connected", "tracked_orders", "host", "client_id")} == {
        "connected": True,
        "tracked_orders": 1,
        "host": "127.0.0.1",
        "client_id": 17,
    }
    assert isinstance(figures["port"], int)
    assert len(str(figures["session"])) == ULID_LENGTH
    assert (figures["trading"], figures["ibkr"], figures["bad_frames"]) == ("ACTIVE", "UP", 0)
    assert re.search(r"^connected +yes$", shown.out, re.MULTILINE)
    assert re.search(r"^success rate +100\.0$", shown.out, re.MULTILINE)
    assert re.search(r"^profit DU…567 +currency USD, day -?\d+(\.\d+)?, open ", shown.out, re.MULTILINE)
    assert (none.status, none.figures["ok"]) == (NOT_REACHED, False)
