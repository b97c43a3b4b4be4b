"""What commands write to the terminal: clean, with account numbers masked. Nothing else in this room writes there."""

from __future__ import annotations

from collections.abc import Mapping

import click

from core.text import clean_lines, mask_accounts, printable_json

LONGEST_LINE = 4000


def say(text: str, *, err: bool = False, accounts: bool = False) -> None:
    """Write lines; `err` takes standard error, `accounts` leaves account numbers whole."""
    cleaned = clean_lines(text, LONGEST_LINE)
    click.echo(cleaned if accounts else mask_accounts(cleaned), err=err)


def say_json(figures: Mapping[str, object]) -> None:
    """Write one line of JSON for programs."""
    import json

    click.echo(mask_accounts(printable_json(json.dumps(figures, ensure_ascii=False))))
