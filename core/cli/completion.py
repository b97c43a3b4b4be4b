"""`ibdesk completion`: what a shell reads to complete commands and options."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from core.cli.output import say

VARIABLE = "_IBDESK_COMPLETE"
"""By this variable a shell asks the front door for completions, with no words on the command line."""

_EPILOG = """\b
Examples:
  ibdesk completion bash > ~/.local/share/bash-completion/completions/ibdesk
  ibdesk completion zsh > ~/.zfunc/_ibdesk
  ibdesk completion fish > ~/.config/fish/completions/ibdesk.fish

Exit status: 0 written, 2 no such shell.
"""


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, /, *, shell: str) -> None:
    """Write the completion script of a shell (bash 4.4 and newer, zsh, fish) to standard output."""
    completing = get_completion_class(shell)
    if completing is None:
        say(f"click knows no completion for {shell}.", err=True)
        sys.exit(2)
    made = completing(context.find_root().command, {}, "ibdesk", VARIABLE)
    say(made.source_template % made.source_vars())
