"""`ibdesk tca`: costs of a day from a profile's journal or a ledger alone, with and without bars, and as files."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from core.cli.tca import table
from tests.records.ledger_journals import MORNING, written
from tui.options import cli

DAY = "2026-11-20"


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder beside the state of profile paper, which bought 100 AAPL at 10:00 and at 11:00."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    monkeypatch.chdir(tmp_path)
    await written(tmp_path / "states/ibdesk/paper/journal.db", MORNING, MORNING + timedelta(hours=1))
    return tmp_path


def ibdesk(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--profile", "paper"])


def tca(*words: str) -> Result:
    return ibdesk("tca", "--day", DAY, *words)


def record(folder: Path, middle: float) -> Path:
    """Bars of the market from a minute before ten."""
    begin = MORNING - timedelta(seconds=60)
    frame = pl.DataFrame(
        {
            "time": [begin + timedelta(seconds=second) for second in range(4000)],
            "bid": [middle - 0.02] * 4000,
            "ask": [middle + 0.02] * 4000,
            "close": [middle] * 4000,
        },
        schema_overrides={"time": pl.Datetime("us", "UTC")},
    )
    path = folder / f"data/live/{DAY}/bars1s_AAPL.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    return path


@pytest.mark.covers("D1.9")
def test_says_what_orders_cost_by_whatever_is_asked(home: Path) -> None:
    said = tca("--by", "symbol", "--by", "hour", "--orders")

    assert said.exit_code == 0
    words = [line.split() for line in said.stdout.splitlines()]
    assert words[0][:6] == ["2026-11-20:", "2", "orders,", "2", "with", "fills."]
    assert words[3][:13] == ["AAPL", "10", "USD", "1", "1", "100", "0.6", "1.5", "1.50", "1.3", "–", "–", "1.05"]
    assert words[7][:8] == ["1", "BUY", "100", "AAPL", "LMT", "FILLED", "233.3150", "233.3300"]
    assert next(line for line in words if line[:1] == ["total"])[:2] == ["total", "2"]
    assert "without bars" in said.stdout


def test_bars_give_spreads_and_what_is_wrong_with_them_is_named(home: Path) -> None:
    path = record(home, 233.4)
    (found, _) = json.loads(tca("--json").stdout)["orders"]
    assert found["quoted_spread_bps"] == pytest.approx(0.04 / 233.315 * 10_000)
    assert found["markout_bps"] == pytest.approx((233.4 - 233.33) / 233.33 * 10_000)

    path.write_bytes(path.read_bytes()[:500])
    cut = tca()
    assert cut.exit_code == 0
    assert "bars1s_AAPL.parquet" in cut.stdout

    path.unlink()
    missing = tca()
    assert missing.exit_code == 0
    assert f"data/live/{DAY}/bars1s_AAPL.parquet" in missing.stdout
    assert "0.6" in missing.stdout


def test_a_table_that_is_too_wide_goes_on_below_with_its_names() -> None:
    frame = pl.DataFrame({"symbol": ["AAPL", "SPY"], "units": [100.0, 20.0], "fees": [1.0, 2.5]})
    columns = {"symbol": "symbol", "units": "units", "fees": "fees"}
    whole = ["symbol  units  fees", "AAPL      100  1.00", "SPY        20  2.50"]

    assert list(table(frame, columns, 1, None)) == list(table(frame, columns, 1, 19)) == whole
    assert list(table(frame, columns, 1, 18)) == [
        "symbol  units",
        "AAPL      100",
        "SPY        20",
        "",
        "symbol  fees",
        "AAPL    1.00",
        "SPY     2.50",
    ]


def test_plots_in_the_terminal_without_a_control_byte(home: Path) -> None:
    said = tca("--plot")

    assert "orders by slippage in bps" in said.stdout
    assert "10 USD" in said.stdout
    assert "█" in said.stdout
    assert "\x1b" not in said.stdout


def test_files_are_new_and_private_and_mask_accounts(home: Path) -> None:
    said = json.loads(tca("--json", "--csv", "costs.csv", "--parquet", "costs.parquet").stdout)

    assert said["written"] == ["costs.csv", "costs.parquet"]
    (heading, *rows) = csv.reader((home / "costs.csv").read_text().splitlines())
    frame = pl.read_parquet(home / "costs.parquet")
    assert heading == frame.columns
    assert len(rows) == len(frame) == 2
    assert frame["account"].to_list() == [row[heading.index("account")] for row in rows] == ["DU…567"] * 2
    assert {(home / name).stat().st_mode & 0o777 for name in ("costs.csv", "costs.parquet")} == {0o600}
    again = tca("--csv", "costs.csv")
    assert again.exit_code == 2
    assert "costs.csv" in again.stderr


def test_a_ledger_alone_will_do(home: Path) -> None:
    ibdesk("ledger", "build", "--day", DAY)

    said = json.loads(tca("--json", "--ledger", f"data/exec/{DAY}/ledger.parquet").stdout)

    assert [order["slippage_money"] for order in said["orders"]] == pytest.approx([1.5, 1.5])
    assert [order["slippage_ticks"] for order in said["orders"]] == [None, None]
    assert said["latency_ms"] == []
    assert tca("--ledger", "nowhere.parquet").exit_code == 2


def test_a_day_without_orders_and_a_profile_without_a_journal(home: Path) -> None:
    nothing = ibdesk("tca", "--day", "2026-11-18", "--plot")
    assert (nothing.exit_code, nothing.stdout) == (0, "2026-11-18: no order of ours.\n")

    other = CliRunner().invoke(cli, ["tca", "--profile", "other"])
    assert other.exit_code == 2
    assert "no journal" in other.stderr
