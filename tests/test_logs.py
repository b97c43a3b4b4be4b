"""The log of core: whatever is logged, no line drives a terminal or shows an account."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest

from core.logs import JsonLines, start_logging
from tests.hostile import ACCOUNT, CORPUS, texts, unclean


def failed(text: str) -> ValueError:
    """An error that was raised."""
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_no_record_drives_a_terminal_or_shows_an_account(text: str) -> None:
    error = failed(text)
    record = logging.LogRecord(
        "core", logging.ERROR, __file__, 1, "heard %s", (text,), (type(error), error, error.__traceback__)
    )
    record.stack_info = text
    line = JsonLines().format(record)
    said = json.loads(line)

    assert "\n" not in line
    assert not ACCOUNT.search(line)
    assert not [reason for one in texts(said) for part in one.split("\n") if (reason := unclean(part))]
    assert "ValueError" in said["exception"]


def test_the_file_is_private_and_no_link_is_followed(tmp_path: Path) -> None:
    before = logging.getLogger().handlers, logging.getLogger().level
    elsewhere = tmp_path / "elsewhere"
    try:
        listener = start_logging(tmp_path)
        logging.getLogger("core.test").warning("of %s", "DU1234567")
        listener.stop()
        listener.handlers[0].close()
        (tmp_path / "other").mkdir()
        (tmp_path / "other/core.log").symlink_to(elsewhere)
        with pytest.raises(OSError, match="symbolic links"):
            start_logging(tmp_path / "other")
    finally:
        logging.getLogger().handlers, logging.getLogger().level = before

    assert stat.S_IMODE((tmp_path / "core.log").stat().st_mode) == 0o600
    assert "of DU…567" in (tmp_path / "core.log").read_text()
    assert not elsewhere.exists()
