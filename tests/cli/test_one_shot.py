"""`ibdesk one-shot` where something is wrong: each thing is named, no order is lost or sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from core.clock import trading_day
from tests.cli.ibdesk import Done, ibdesk
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway

DONE, REFUSED, NOT_SENT, IN_DOUBT = 0, 1, 2, 3
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def home() -> Iterator[DeskHome]:
    """A home whose practice core stays, since an order works there."""
    with DeskHome() as made:
        assert ibdesk(made, "place", "BUY", "1", "F", "--limit", "1.00").status == DONE
        yield made


def shot(home: DeskHome, *words: str) -> Done:
    """An order that can't fill, for a moment."""
    return ibdesk(home, "one-shot", "--limit", "1.00", "--ttl_sec", "0.7", "--repeat", *words)


def no_file(path: Path) -> None:
    """Nothing was recorded."""


def another_day(path: Path) -> None:
    """Bars of the day before yesterday."""
    times = [NOW - timedelta(days=2), NOW - timedelta(days=2) + timedelta(seconds=1)]
    pl.DataFrame({"time": times, "close": [1.0, 1.0]}).write_parquet(path)


def cut_short(path: Path) -> None:
    """A file that lost its end."""
    another_day(path)
    path.write_bytes(path.read_bytes()[:-20])


def long_ago(path: Path) -> None:
    """Bars of today that ended long before the order."""
    begin = NOW - timedelta(hours=1)
    day = trading_day(NOW)
    times = [one for one in (begin, NOW - timedelta(minutes=10)) if trading_day(one) == day]
    pl.DataFrame(
        {"time": times or [NOW], "close": [1.0] * (len(times) or 1), "gap": [not times] * (len(times) or 1)}
    ).write_parquet(path)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (no_file, "there is no file"),
        (another_day, "has bars of another day"),
        (cut_short, "is damaged, cut short or no Parquet file"),
        (long_ago, "has no price of the last minute"),
    ],
)
def test_bars_that_say_nothing_are_named_and_the_live_price_stands_in(
    home: DeskHome, tmp_path: Path, make: Callable[[Path], None], named: str
) -> None:
    bars = tmp_path / "bars1s_SPY.parquet"
    make(bars)

    done = shot(home, "--bars_path", str(bars), "--out_dir", str(tmp_path), "--json")

    assert done.status == DONE, done
    assert (done.figures["state"], done.figures["arrival_source"]) == ("CANCEL", "quote")
    assert 500 < float(str(done.figures["arrival"])) < 700
    assert str(bars) in done.err
    assert named in done.err


def test_a_ledger_that_cannot_be_written_keeps_the_order_from_being_sent(home: DeskHome, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    done = shot(home, "--tag", "unwritable", "--out_dir", str(tmp_path / "file/exec"))

    assert done.status == NOT_SENT
    assert f"The ledger can't be written below {tmp_path}/file/exec" in done.err
    assert ibdesk(home, "orders", "--all", "--tag", "unwritable").out == "No order.\n"


def test_a_damaged_ledger_is_named_and_kept_and_the_order_is_told(home: DeskHome, tmp_path: Path) -> None:
    ledger = tmp_path / f"{trading_day(datetime.now(UTC)):%Y-%m-%d}/ledger.parquet"
    ledger.parent.mkdir()
    ledger.write_bytes(b"PAR1 cut")

    done = shot(home, "--tag", "damaged", "--out_dir", str(tmp_path))

    assert done.status == REFUSED
    assert done.out.startswith("[one-shot] tag=damaged state=CANCEL fill_qty=0 avg_px=— arrival=")
    assert str(ledger) in done.err
    assert "The order is as said, and the journal has it." in done.err
    assert ledger.read_bytes() == b"PAR1 cut"


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("order-error=201", REFUSED, "state=REJ fill_qty=0 avg_px=—"),
        ("cancel-refused=161", IN_DOUBT, "state=ACK fill_qty=0 avg_px=—"),
    ],
)
async def test_what_did_not_end_as_asked_has_its_own_status(fault: str, status: int, said: str) -> None:
    with DeskHome() as home:
        async with running_gateway(home, "--fault", fault) as port:
            # So soon after its start core has to wait for IBKR's pacing before the order leaves.
            words = ("--port", str(port), "--tag", "odd", "--timeout", "3", "--ttl_sec", "2")
            done = await asyncio.to_thread(shot, home, *words)

    assert (done.status, f"[one-shot] tag=odd {said}" in done.out) == (status, True), done
