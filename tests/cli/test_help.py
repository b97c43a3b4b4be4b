"""Every command has an example and its exit statuses in its help, and lines for programs where one may read."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from tui.options import DESK, cli

FOR_PEOPLE = {
    (DESK,): "draws a screen",
    ("alerts", "add"): "as `alerts --json` has it",
    ("alerts", "remove"): "as `alerts --json` has it",
    ("alerts", "seen"): "as `alerts --json` has it",
    ("completion",): "is a program's already",
    ("ledger", "path"): "one path",
    ("practice", "faults"): "a list to choose from",
    ("practice", "reset"): "one line",
    ("schema",): "is JSON already",
}
"""Commands without --json, and why."""


def commands(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, groups that do something by themselves too, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield (*names, name), command


ALL = dict(commands(cli))


def groups(group: click.Group) -> Iterator[click.Group]:
    """A group and those below it."""
    yield group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from groups(command)


def test_no_sentence_of_a_list_of_commands_is_cut() -> None:
    for group in groups(cli):
        listed = group.get_help(click.Context(group, info_name="ibdesk", terminal_width=80)).partition("Commands:")[2]

        assert listed.strip()
        assert "..." not in listed


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_its_help_has_an_example_and_its_exit_statuses(words: tuple[str, ...]) -> None:
    called = f"ibdesk {' '.join(words)}"

    said = ALL[words].get_help(click.Context(ALL[words], info_name=called))

    assert called in said.partition("Example")[2], "an example calls it"
    assert "Exit status:" in said


def test_what_a_program_may_read_can_be_json() -> None:
    without = {
        words for words, command in ALL.items() if not any("--json" in parameter.opts for parameter in command.params)
    }

    assert without - {("practice",)} == FOR_PEOPLE.keys()


def test_help_says_that_a_quantity_of_0_is_a_wrong_value_and_with_which_status_it_ends() -> None:
    said = " ".join(ALL["place",].get_help(click.Context(ALL["place",], info_name="ibdesk place")).split())

    assert "QUANTITY is above 0; what is not ends with status 2." in said
    assert "2 not done: wrong options or values" in said
