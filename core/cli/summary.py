"""`ibdesk summary`: what became of a day's orders, in numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import click

from core.cli.journal_options import day_option, example, folder_of, json_option, profile_option, run
from core.cli.output import say, say_json
from core.clock import trading_day


@click.command(epilog=example("ibdesk summary --day yesterday"))
@profile_option
@day_option
@json_option
def command(*, profile: str | None, day: date, as_json: bool) -> None:
    """Count a day's orders by what became of them, and their fills."""

    def tell() -> None:
        import msgspec

        from core.records.audit_log import day_summary

        found = day_summary(folder_of(profile) / "journal.db", day)
        if as_json:
            say_json(msgspec.to_builtins(found))
            return
        today = day == trading_day(datetime.now(UTC))
        say(f"Orders {'Today' if today else day}: {found.total_orders}")
        for label, count in {
            "Active": found.active_orders,
            "Filled": found.filled_orders,
            "Cancelled": found.cancelled_orders,
            "Errors": found.error_orders,
            "Unknown": found.unknown_orders,
            "Partial Fills": found.partial_fills,
            "Complete Fills": found.complete_fills,
            "Retries": found.retries,
        }.items():
            say(f"{label}: {count}")

    run(tell, as_json=as_json)
