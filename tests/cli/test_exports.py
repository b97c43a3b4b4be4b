"""Exports: new files in the folder that was named, no formula in them."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cli.exports import csv_line, file_name, output
from tests.hostile import CORPUS

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "-", "+A1", '=HYPERLINK("x")')
NAMES = ("../../x", "/etc/passwd", "BRK/B", "..", ".", "", "a\x00b", "x" * 500, "-rf", "~", "C:\\x", *CORPUS.values())


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_is_a_formula(cell: str) -> None:
    (read,) = next(csv.reader([csv_line([cell])]))

    assert read == f"'{cell}"


@pytest.mark.parametrize("cell", ["-40.40", "+1", "100", "AAPL", "", "a=b", "1-2"])
def test_numbers_and_words_stay(cell: str) -> None:
    assert next(csv.reader([csv_line([cell])])) == [cell]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1))
def test_cells_are_told_apart_whatever_is_in_them(cells: list[str]) -> None:
    read = next(csv.reader([csv_line(cells)]))

    assert [cell.removeprefix("'") for cell in read] == [cell.removeprefix("'") for cell in cells]


@pytest.mark.parametrize("word", NAMES)
def test_a_file_stays_in_its_folder_whatever_it_is_named_after(word: str, tmp_path: Path) -> None:
    name = file_name("journal", word, ending="csv")
    with output(tmp_path, name) as (stream, path):
        stream.write("row\n")

    assert path is not None
    assert path.parent == tmp_path
    assert path.resolve().parent == tmp_path.resolve()
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_name_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(ValueError, match="leads out"), output(tmp_path / "in", "../out.csv"):
        pass

    assert not (tmp_path / "out.csv").exists()


def test_no_link_is_followed_and_no_file_replaced(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "there").write_text("kept")
    for name in ("dangling", "there"):
        with pytest.raises(FileExistsError), output(tmp_path / name, "unused"):
            pass

    assert not (tmp_path / "elsewhere").exists()
    assert (tmp_path / "there").read_text() == "kept"
