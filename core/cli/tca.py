"""`ibdesk tca`: what the fills of a day cost against the market that their orders met, and how long they took."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.exports import csv_line, output
from core.cli.journal_options import day_option, example, folder_of, json_option, profile_option, run
from core.cli.output import say, say_json
from core.private import open_file
from core.text import clean

if TYPE_CHECKING:
    import polars as pl

    from core.records.day_costs import DayCosts

_BY = {"symbol": "symbol", "type": "order_type", "hour": "hour", "tag": "tag", "strategy": "strategy", "side": "side"}
_BY |= {"tif": "tif", "account": "account"}
_GAP = "  "
_WIDTH, _HEIGHT, _BINS = 76, 16, 20
"""Of a plot: cells, and columns of how something is spread."""


@click.command(epilog=example("ibdesk tca --by symbol --by hour --plot"))
@profile_option
@day_option
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A ledger.parquet to read instead of the journal: without ticks and multipliers.",
)
@click.option(
    "--bars",
    "live",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/live"),
    show_default=True,
    help="Where `ibdesk record` wrote: quoted spreads, prices afterwards, and arrival prices that orders lack.",
)
@click.option("--by", type=click.Choice(list(_BY)), multiple=True, default=("symbol",), help="Sums by these, together.")
@click.option("--orders", "each", is_flag=True, help="Each order besides the sums.")
@click.option("--plot", is_flag=True, help="Plots of the slippage, in the terminal.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write each order to a new CSV file.")
@click.option("--parquet", "parquet_file", type=click.Path(path_type=Path), help="The same as Parquet.")
@click.option("--accounts", is_flag=True, help="Show account numbers in full; otherwise they are masked.")
@json_option
def command(
    *,
    profile: str | None,
    day: date,
    ledger: Path | None,
    live: Path,
    by: Sequence[str],
    each: bool,
    plot: bool,
    csv_file: Path | None,
    parquet_file: Path | None,
    accounts: bool,
    as_json: bool,
) -> None:
    """Transaction costs of a day: slippage against the price at which orders arrived, spreads, fees, times.

    Positive costs. `bps` are 1/10,000 of the price, money is in the instrument's currency.
    """

    def tell() -> None:
        from core.records.day_costs import costs_of_journal, costs_of_ledger
        from core.records.tca import By, summary

        recorded = live if live.is_dir() else None
        costs = (
            costs_of_journal(folder_of(profile) / "journal.db", day, recorded)
            if ledger is None
            else costs_of_ledger(ledger, recorded)
        )
        sums = summary(costs.orders, [By(_BY[name]) for name in by])
        written = _written(costs.orders, csv_file, parquet_file, accounts=accounts)
        if as_json:
            say_json(_figures(costs, sums, written))
            return
        title = f"{day}" if ledger is None else str(ledger)
        for line in _lines(title, costs, sums, [_BY[name] for name in by], each=each, plot=plot):
            say(line, accounts=accounts)
        for path in written:
            say(path)

    run(tell, as_json=as_json)


def _lines(
    title: str, costs: DayCosts, sums: pl.DataFrame, by: Sequence[str], *, each: bool, plot: bool
) -> Iterable[str]:
    orders = costs.orders
    filled = orders.filter(orders["filled"] > 0)
    if orders.is_empty():
        yield f"{title}: no order of ours."
        return
    yield f"{title}: {len(orders)} orders, {len(filled)} with fills. Costs are positive."
    yield ""
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    yield from table(sums, {name: name for name in by} | _SUMS, len(by) + 1, room)
    if each:
        yield ""
        yield from table(orders, _EACH, 4, room)
    if costs.stages is not None:
        from core.records.latency import percentiles

        yield ""
        yield from table(percentiles(costs.stages), _STAGES, 1, room)
    if plot:
        yield from _plots(filled)
    yield from costs.problems
    if len(filled) and not costs.problems and filled["quoted_spread_bps"].is_null().all():
        yield "Spreads and prices 60 s later are not known without bars: record them with `ibdesk record`."


_SUMS = {
    "currency": "",
    "orders": "orders",
    "with_fills": "filled",
    "units": "units",
    "slippage_bps": "slip bps",
    "slippage_ticks": "ticks",
    "slippage_money": "money",
    "effective_spread_bps": "eff bps",
    "quoted_spread_bps": "quoted bps",
    "markout_bps": "60 s bps",
    "fees": "fees",
    "fill_s": "fill s",
    "fill_p90_s": "p90 s",
    "unmeasured": "no arrival",
}
_EACH = {
    "number": "#",
    "side": "",
    "quantity": "qty",
    "symbol": "",
    "order_type": "",
    "state": "",
    "arrival": "arrival",
    "avg_price": "average",
    "slippage_bps": "slip bps",
    "slippage_ticks": "ticks",
    "slippage_money": "money",
    "fees": "fees",
    "fill_s": "fill s",
}
_STAGES = {"stage": "stage", "count": "orders", "p50_ms": "p50 ms", "p95_ms": "p95 ms", "p99_ms": "p99 ms"}
_STAGES |= {"max_ms": "max ms"}
_PLACES = {"arrival": 4, "avg_price": 4, "slippage_money": 2, "fees": 2, "units": 0, "quantity": 0}
"""Decimals of a column; 1 of any other."""


def table(frame: pl.DataFrame, columns: dict[str, str], lead: int, room: int | None) -> Iterable[str]:
    """The lines of some columns, given with their headings.

    Where they need more than `room` cells they follow each other in parts, each with the first `lead` columns before
    it; None is room for all.
    """
    rows = [[*columns.values()], *([_cell(name, row[name]) for name in columns] for row in frame.to_dicts())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    words = [frame.schema[name].is_numeric() for name in columns]
    for part, places in enumerate(_parts(widths, lead, room)):
        if part:
            yield ""
        for row in rows:
            cells = [row[at].rjust(widths[at]) if words[at] else row[at].ljust(widths[at]) for at in places]
            yield _GAP.join(cells).rstrip()


def _parts(widths: Sequence[int], lead: int, room: int | None) -> Iterable[list[int]]:
    """Places of columns, part by part; each part has one column besides the leading ones at least."""
    part = list(range(lead))
    for place in range(lead, len(widths)):
        wider = [*part, place]
        if room is not None and len(part) > lead and sum(widths[at] + len(_GAP) for at in wider) - len(_GAP) > room:
            yield part
            wider = [*range(lead), place]
        part = wider
    yield part


def _cell(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        places = _PLACES.get(name, 1)
        return f"{value:,.{places}f}" if places else f"{value:,.10g}"
    return clean(str(value))


def _plots(filled: pl.DataFrame) -> Iterable[str]:
    """How slippage is spread, and by hour; nothing where none is known."""
    known = filled.filter(filled["slippage_bps"].is_not_null())
    if known.is_empty():
        yield "Nothing to plot: no order with fills has an arrival price."
        return
    import plotext

    from core.records.tca import By, summary

    hours = summary(known, [By.HOUR]).sort("hour")
    names = [f"{row['hour']:02d} {row['currency']}" for row in hours.to_dicts()]
    plots: list[tuple[str, Callable[[], object]]] = [
        ("orders by slippage in bps", lambda: plotext.hist(known["slippage_bps"].to_list(), _BINS)),
        ("slippage in bps by hour in New York", lambda: plotext.bar(names, hours["slippage_bps"].to_list())),
    ]
    for title, draw in plots:
        plotext.clear_figure()
        plotext.theme("clear")
        plotext.plotsize(_WIDTH, _HEIGHT)
        plotext.title(title)
        draw()
        yield plotext.uncolorize(plotext.build())


def _figures(costs: DayCosts, sums: pl.DataFrame, written: Sequence[str]) -> dict[str, object]:
    from core.records.latency import percentiles

    return {
        "ok": True,
        "orders": [_plain(row) for row in costs.orders.to_dicts()],
        "sums": [_plain(row) for row in sums.to_dicts()],
        "latency_ms": [] if costs.stages is None else percentiles(costs.stages).to_dicts(),
        "problems": list(costs.problems),
        "written": list(written),
    }


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {
        name: clean(value) if isinstance(value, str) else value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _written(orders: pl.DataFrame, csv_file: Path | None, parquet_file: Path | None, *, accounts: bool) -> list[str]:
    """Write what was asked for into new files, theirs alone; account numbers masked unless `accounts`."""
    from core.text import mask_accounts

    paths = []
    if csv_file is not None:
        with output(csv_file, "tca.csv") as (file, _):
            rows = [list(orders.columns), *([*row] for row in orders.iter_rows())]
            for row in rows:
                line = csv_line([clean("" if cell is None else str(cell)) for cell in row])
                file.write(f"{line if accounts else mask_accounts(line)}\n")
        paths.append(str(csv_file))
    if parquet_file is not None:
        import polars as pl

        masked = pl.col("account").map_elements(mask_accounts, return_dtype=pl.String)
        shown = orders if accounts else orders.with_columns(masked)
        with os.fdopen(open_file(parquet_file, os.O_WRONLY | os.O_EXCL), "wb") as target:
            shown.write_parquet(target)
        paths.append(str(parquet_file))
    return paths
