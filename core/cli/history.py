"""`ibdesk history`: what became of an order, or of all orders of a day, line by line; also as it happens."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.journal_options import day_option, example, folder_of, no_such_order, profile_option, run
from core.cli.output import say
from core.text import clean, printable_json

if TYPE_CHECKING:
    from core.records.audit_lines import AuditLine

_LOOK_SECONDS = 0.2


@click.command(epilog=example("ibdesk history 7\n  ibdesk history --follow --json"))
@click.argument("order", required=False)
@profile_option
@day_option
@click.option("--follow", is_flag=True, help="Go on until Ctrl+C: each line as it happens.")
@click.option("--json", "as_json", is_flag=True, help="The audit log's own lines, one JSON object each.")
def command(*, order: str | None, profile: str | None, day: date, follow: bool, as_json: bool) -> None:
    """Show every transition of ORDER, or of all orders of a day.

    ORDER is its number of the day (7), its reference, or the broker's order id (id38). Core keeps the same lines as
    audit.jsonl beside the day's ledger; they are read from the journal here. Times are UTC.
    """

    def tell() -> None:
        from core.records.audit_log import of_order

        lines = _lines(folder_of(profile) / "journal.db", day, follow=follow)
        told = False
        with contextlib.suppress(KeyboardInterrupt):
            for line in lines if order is None else of_order(lines, order):
                told = True
                say(_as_json(line) if as_json else as_text(line))
            if order is not None and not told:
                raise no_such_order(order, day)

    run(tell, as_json=as_json)


def _lines(journal: Path, day: date, *, follow: bool) -> Iterator[AuditLine]:
    from core.records.audit_log import AuditReader, day_lines

    if not follow:
        yield from day_lines(journal, day)
        return
    reader = AuditReader(journal, day)
    while True:
        yield from reader.read()
        time.sleep(_LOOK_SECONDS)


def as_text(line: AuditLine) -> str:
    """One line for people."""
    number = f"#{line.number}" if line.number else "EXT" if line.order_ref.startswith("ext-") else ""
    terms = [line.action, _plain(line.quantity), line.symbol, line.order_type, _plain(line.limit_price)]
    fill = "" if line.fill_price is None else f"{_plain(line.fill_quantity)} at {_plain(line.fill_price)}"
    costs = "" if line.commission is None else f"commission {_plain(line.commission)} {line.commission_currency}"
    asked = f"{line.pending} asked" if line.pending else ""
    code = f"[{line.code}]" if line.code and f"[{line.code}]" not in line.message else ""
    said = ", ".join(filter(None, [fill, costs, asked, " ".join(filter(None, [line.message, code]))]))
    moment = line.timestamp[:26].replace("T", " ")
    order = " ".join(filter(None, terms))
    return clean(f"{moment}  {line.event_type:<13}  {number:<4}  {order:<32}  {line.status:<15}  {said}".rstrip(), 1000)


def _plain(value: object) -> str:
    return "" if value is None else f"{value:f}"


def _as_json(line: AuditLine) -> str:
    from core.records.audit_lines import encode_line

    return printable_json(encode_line(line).decode())
