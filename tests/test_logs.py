"""The logs: whatever is logged, no line drives a terminal or shows an account."""

from __future__ import annotations

import json
import logging
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.subjects import about
from core.logs import JsonLines, log_to, start_logging
from tests.architecture.sources import ROOT
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


@contextmanager
def logging_to(path: Path, *, debug: bool = False) -> Iterator[None]:
    """`log_to`, undone at the end of the block."""
    root = logging.getLogger()
    before, level, raises = list(root.handlers), root.level, logging.raiseExceptions
    log_to(path, debug=debug)
    (handler,) = root.handlers
    yield
    root.handlers, root.level, logging.raiseExceptions = before, level, raises
    if isinstance(handler, logging.StreamHandler):
        handler.stream.close()


def test_a_line_about_an_order_bears_its_reference_whole_and_its_fields(tmp_path: Path) -> None:
    ours = "ibd-U12345-01M7X46WNHCBPDKDCRF30BAQWY"
    with logging_to(tmp_path / "desk.log"):
        for order_ref in (ours, "of DU1234567\x1b[31m"):
            extra = about(order_ref, price=Decimal("1.50"), by="DU1234567", ok=True)
            logging.getLogger("a").info("filled", extra=extra)
    lines = [json.loads(line) for line in (tmp_path / "desk.log").read_text().splitlines()]

    assert [line["order_ref"] for line in lines] == [ours, "of DU…567"]
    assert (lines[0]["price"], lines[0]["by"], lines[0]["ok"]) == ("1.50", "DU…567", True)
    assert stat.S_IMODE((tmp_path / "desk.log").stat().st_mode) == 0o600


def test_several_processes_write_one_file_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "desk.log"
    program = (
        "import logging, pathlib, sys; from core.logs import log_to; log_to(pathlib.Path(sys.argv[1]));"
        "[logging.getLogger('a').info('%d ' + 'x' * 300, number) for number in range(300)]"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(path)], cwd=ROOT) for _ in range(3)]

    assert [one.wait(30) for one in running] == [0, 0, 0]
    assert Counter(json.loads(line)["message"].split()[0] for line in path.read_text().splitlines()) == {
        str(number): 3 for number in range(300)
    }


def test_a_long_file_is_put_aside_and_one_that_cannot_be_had_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "desk.log"
    path.write_bytes(b"old\n" * 3_000_000)
    with logging_to(path):
        logging.getLogger("a").info("new")
    assert path.with_suffix(".log.1").stat().st_size == 12_000_000
    assert len(path.read_text().splitlines()) == 1

    with logging_to(tmp_path / "nowhere/desk.log"):
        logging.getLogger("a").error("lost")


def test_debug_is_logged_where_it_is_asked_for_alone(tmp_path: Path) -> None:
    for debug in (False, True):
        with logging_to(tmp_path / f"{debug}.log", debug=debug):
            logging.getLogger("a").debug("small")

    assert ((tmp_path / "False.log").read_text(), (tmp_path / "True.log").read_text().count("\n")) == ("", 1)
