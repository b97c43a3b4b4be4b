"""One value in a TOML file: everything else stays as a person wrote it."""

from __future__ import annotations

import stat
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.settings.toml_edit import Value, edited, write_value

WRITTEN = """\
# My own limits.
[limits]
order_value = 10000  # a remark
order_quantity = 500

[symbols."BRK B"]
order_value = 5

[permissions]
forbidden_symbols = [
    "GME",
]
"""


@pytest.mark.parametrize(
    ("table", "key", "value", "line", "without"),
    [
        (["limits"], "order_value", Decimal(20000), "order_value = 20000", "order_value = 10000  # a remark"),
        (["limits"], "daily_loss", "none", 'daily_loss = "none"', ""),
        (["limits"], "order_quantity", None, "", "order_quantity = 500"),
        (["symbols", "BRK B"], "order_value", Decimal("0.50"), "order_value = 0.50", "order_value = 5"),
        (["permissions"], "short", False, "short = false", ""),
        (["permissions"], "allowed_symbols", ("AAPL", 'a"b'), 'allowed_symbols = ["AAPL", "a\\"b"]', ""),
    ],
)
def test_a_value_is_put_in_its_line(table: list[str], key: str, value: Value, line: str, without: str) -> None:
    new = edited(WRITTEN, table, key, value)

    assert new is not None
    wanted = [one for one in WRITTEN.splitlines() if one != without]
    assert sorted(filter(None, new.splitlines())) == sorted(filter(None, [*wanted, line]))


def test_a_table_that_there_is_not_is_added() -> None:
    new = edited(WRITTEN, ["symbols", "AAPL"], "order_value", Decimal(1))

    assert new == f"{WRITTEN}\n[symbols.AAPL]\norder_value = 1\n"
    assert edited("", ["accounts", "DU1"], "daily_loss", Decimal(9)) == "[accounts.DU1]\ndaily_loss = 9\n"
    assert edited(WRITTEN, ["accounts", "DU1"], "daily_loss", None) == WRITTEN


@pytest.mark.parametrize(
    ("text", "table", "key"),
    [
        (WRITTEN, ["permissions"], "forbidden_symbols"),
        ("limits.order_value = 1\n", ["limits"], "order_value"),
        ("symbols = { AAPL = { order_value = 1 } }\n", ["symbols", "AAPL"], "order_value"),
        ("limits = 7\n", ["limits"], "order_value"),
    ],
)
def test_what_no_single_line_says_is_left_to_the_person(text: str, table: list[str], key: str) -> None:
    assert edited(text, table, key, Decimal(2)) is None


KEYS = st.sampled_from(["a", "b", "c d", "e.f"])
TREES = st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers(0, 9), max_size=3), max_size=3)


def written(tree: dict[str, dict[str, int]]) -> str:
    """As a person may write it."""
    lines = []
    for table, values in tree.items():
        lines += [f'["{table}"]', *(f'"{key}" = {value}' for key, value in values.items())]
    return "".join(f"{line}\n" for line in lines)


@given(TREES, KEYS, KEYS, st.integers(0, 9) | st.none())
def test_it_says_the_value_and_the_rest_as_before(
    tree: dict[str, dict[str, int]], table: str, key: str, value: int | None
) -> None:
    new = edited(written(tree), [table], key, None if value is None else Decimal(value))

    assert new is not None
    found = tomllib.loads(new)
    assert found.get(table, {}).pop(key, None) == value
    tree.get(table, {}).pop(key, None)
    assert {name: one for name, one in found.items() if one} == {name: one for name, one in tree.items() if one}


def test_the_file_is_replaced_whole_and_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "risk" / "paper.toml"
    write_value(path, ["limits"], "order_value", Decimal(5))
    path.chmod(0o644)
    write_value(path, ["limits"], "order_value", Decimal(6))

    assert path.read_text() == "[limits]\norder_value = 6\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["paper.toml"]


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text("")
    link.symlink_to(real)
    write_value(link, ["limits"], "order_value", Decimal(5))

    assert link.is_symlink()
    assert "order_value = 5" in real.read_text()


@pytest.mark.parametrize(("text", "says"), [("limits = [", "can't be changed"), ("limits.order_value = 1", "as ")])
def test_why_it_can_not_be_written(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "paper.toml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=says):
        write_value(path, ["limits"], "order_value", Decimal(5))
    assert path.read_text() == text


def test_a_folder_that_takes_no_file(tmp_path: Path) -> None:
    (tmp_path / "risk").write_text("no folder")

    with pytest.raises(ConfigError, match="can't be changed"):
        write_value(tmp_path / "risk" / "paper.toml", ["limits"], "order_value", Decimal(5))
