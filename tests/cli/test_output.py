"""Whatever a command has to say, no control code and no account number reaches the terminal."""

from __future__ import annotations

import json

import pytest

from core.cli.output import say, say_json
from tests.hostile import ACCOUNT, CORPUS, unclean


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
@pytest.mark.parametrize("err", [False, True])
def test_lines_are_clean_and_masked(text: str, err: bool, capsys: pytest.CaptureFixture[str]) -> None:
    say(f"core said {text}", err=err)
    said = capsys.readouterr()
    shown, other = (said.err, said.out) if err else (said.out, said.err)

    assert shown.startswith("core said ")
    assert shown.endswith("\n")
    assert not [reason for line in shown[:-1].split("\n") if (reason := unclean(line))]
    assert not ACCOUNT.search(shown)
    assert other == ""


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_json_is_one_printable_line_and_masked(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say_json({"problem": text, text[:50]: [text]})
    line = capsys.readouterr().out

    assert line[:-1].isprintable()
    assert not ACCOUNT.search(line)
    assert set(json.loads(line)) >= {"problem"}


def test_accounts_are_whole_where_they_were_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    say("of DU1234567", accounts=True)

    assert capsys.readouterr().out == "of DU1234567\n"
