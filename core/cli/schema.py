"""`ibdesk schema`: the contracts of the order plane as JSON Schema, for programs in any language."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from core.cli.exports import file_name, output
from core.cli.output import say

_EPILOG = """\b
Examples:
  ibdesk schema order_intent
  ibdesk schema --to schemas

Exit status: 0 written, 2 not: the text says why.
"""
NAMES = ("order_intent", "execution_report")


@click.command(epilog=_EPILOG)
@click.argument("contract", type=click.Choice(NAMES), required=False)
@click.option(
    "--to",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="A folder for NAME.json, new files; otherwise the schema is written to standard output.",
)
def command(*, contract: str | None, to: Path | None) -> None:
    """Write the JSON Schema (draft 2020-12) of a contract; without a name of both, in one object by name."""
    from core.orderplane.contracts import json_schema

    names = NAMES if contract is None else (contract,)
    schemas = {name: json_schema(name) for name in names}
    if to is None:
        say(_text(schemas if contract is None else schemas[contract]))
        return
    try:
        for name, schema in schemas.items():
            with output(to, file_name(name, ending="json")) as (stream, path):
                stream.write(_text(schema) + "\n")
            say(str(path))
    except OSError as error:
        say(
            f"{error.filename or to} can't be written: {error.strerror}. Move it away, or name another folder.",
            err=True,
        )
        sys.exit(2)


def _text(value: object) -> str:
    return json.dumps(value, indent=2)
