"""`ibdesk ledger`: make it from the journal, see it, say where core keeps it; also while core runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import click

from core.cli.exports import csv_line
from core.cli.journal_options import (
    day_option,
    example,
    folder_of,
    json_option,
    no_such_order,
    out_dir_option,
    profile_option,
    run,
)
from core.cli.output import say, say_json
from core.text import clean


@click.group(epilog=example("ibdesk ledger build"))
def command() -> None:
    """Every event of every order, as Parquet for polars, pandas and duckdb; made of the journal alone.

    Core keeps it up to date while it runs: `ibdesk ledger path` says where.
    """


@command.command("build", epilog=example("ibdesk ledger build --day 2026-11-20 --out_dir data/exec"))
@profile_option
@day_option
@click.option("--all", "every", is_flag=True, help="Every day that the journal knows, instead of one.")
@out_dir_option("Where the folder of the day is, or is made.")
@json_option
def build(*, profile: str | None, day: date, every: bool, out_dir: Path, as_json: bool) -> None:
    """Make a day's ledger.parquet from the journal.

    What other profiles have in it stays.
    """

    def make() -> None:
        from core.records.ledger import write_all, write_day

        journal = folder_of(profile) / "journal.db"
        paths = write_all(journal, out_dir) if every else [write_day(journal, day, out_dir)]
        if as_json:
            say_json({"ok": True, "ledgers": [str(path) for path in paths]})
        for path in [] if as_json else paths:
            say(str(path))

    run(make, as_json=as_json)


@command.command("path", epilog=example("duckdb -c \"FROM '$(ibdesk ledger path)'\""))
@profile_option
@day_option
def path(*, profile: str | None, day: date) -> None:
    """Say where core keeps the ledger of a day.

    The file need not be there yet.
    """
    from core.records.exec_folder import kept_in
    from core.records.ledger import ledger_path

    run(lambda: say(str(ledger_path(kept_in(folder_of(profile)), day))), as_json=False)


@command.command("show", epilog=example("ibdesk ledger show --order 7"))
@profile_option
@day_option
@click.option("--order", "wanted", help="Only this order: its number of the day (7), or its reference.")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A ledger.parquet to read; without it, the day is read from the journal.",
)
@click.option("--csv", "as_csv", is_flag=True, help="All columns as CSV, for spreadsheets.")
@click.option("--json", "as_json", is_flag=True, help="All columns as JSON, a line for each event.")
@click.option("--accounts", is_flag=True, help="Show account numbers in full; otherwise they are masked.")
def show(
    *,
    profile: str | None,
    day: date,
    wanted: str | None,
    file: Path | None,
    as_csv: bool,
    as_json: bool,
    accounts: bool,
) -> None:
    """Show the events of a day, a line each. Times are UTC."""
    if as_csv and as_json:
        raise click.UsageError("Events are shown as JSON or as CSV, not as both.")

    def tell() -> None:
        line = _FORMS["csv" if as_csv else "json" if as_json else "text"]
        if as_csv:
            say(csv_line(_columns()))
        told = False
        for event in _events(profile, day, file):
            if wanted is None or wanted.removeprefix("#") in (str(event["number"]), event["order_ref"]):
                told = True
                say(line(event), accounts=accounts)
        if wanted is not None and not told:
            raise no_such_order(wanted, None if file else day)

    run(tell, as_json=as_json)


def _events(profile: str | None, day: date, file: Path | None) -> Iterator[dict[str, object]]:
    from core.records.ledger import day_frame, read_ledger

    frame = day_frame(folder_of(profile) / "journal.db", day) if file is None else read_ledger(file)
    return frame.iter_rows(named=True)


def _as_text(event: Mapping[str, object]) -> str:
    number = f"#{event['number']}" if event["number"] else "EXT" if _text(event["order_ref"]).startswith("ext-") else ""
    words = [event["side"], event["quantity"], event["symbol"], event["order_type"], event["limit_price"]]
    details = [
        *("" if event[name] is None else f"{label} {_text(event[name])}" for name, label in _DETAILS.items()),
        _text(event["reason"]),
    ]
    what = " ".join(filter(None, map(_text, words)))
    moment = event["timestamp"]
    at = f"{moment:%Y-%m-%d %H:%M:%S.%f}" if isinstance(moment, datetime) else ""
    return clean(f"{at}  {event['event']!s:<12}  {number:<5}  {what:<32}  {', '.join(filter(None, details))}".rstrip())


_DETAILS = {
    "fill_quantity": "filled",
    "fill_price": "at",
    "avg_price": "average",
    "commission": "commission",
    "slippage_bps": "slippage bps",
    "pnl": "pnl",
}


def _as_json(event: Mapping[str, object]) -> str:
    import json

    from core.text import printable_json

    whole = {name: value if value is None or isinstance(value, int) else _text(value) for name, value in event.items()}
    return printable_json(json.dumps(whole, ensure_ascii=False))


def _as_csv(event: Mapping[str, object]) -> str:
    return csv_line([clean(_text(value)) for value in event.values()])


def _text(value: object) -> str:
    """A cell as text: numbers without trailing zeros, times in UTC; empty for none."""
    if isinstance(value, Decimal):
        short = value.normalize()
        return f"{short:f}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return "" if value is None else str(value)


def _columns() -> list[str]:
    from core.records.ledger_frame import COLUMNS

    return list(COLUMNS)


_FORMS: Mapping[str, Callable[[Mapping[str, object]], str]] = {"text": _as_text, "json": _as_json, "csv": _as_csv}
