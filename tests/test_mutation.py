"""What `python -m tests.mutation` makes of mutmut's results."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from tests.mutation import ROOM, Mutant, Survivor, known_survivors, read_results, report, score

SOURCE = """
def x_most__mutmut_orig(a: int, b: int = 0) -> int:
    if a > b:
        return a
    return b


def x_most__mutmut_1(a: int, b: int = 1) -> int:
    if a > b:
        return a
    return b


def x_most__mutmut_2(a: int, b: int = 0) -> int:
    if a >= b:
        return a
    return b


class Sum:
    def xǁSumǁadd__mutmut_orig(self) -> None:
        self.a += 1
        self.b += 1

    def xǁSumǁadd__mutmut_1(self) -> None:
        self.b += 1
"""
CODES = {"x_most__mutmut_1": 1, "x_most__mutmut_2": 0, "xǁSumǁadd__mutmut_1": None}
KNOWN = Survivor("sums.most", ("if a >= b:",), "of two equal numbers either is the larger one")


def results(folder: Path) -> list[Mutant]:
    """Results of one module, as mutmut leaves them."""
    room = folder / ROOM
    room.mkdir(parents=True)
    room.joinpath("sums.py").write_text(SOURCE, encoding="utf-8")
    codes = {f"core.risk.sums.{name}": code for name, code in CODES.items()}
    room.joinpath("sums.py.meta").write_text(json.dumps({"exit_code_by_key": codes}), encoding="utf-8")
    return read_results(folder)


def test_each_mutant_is_told_by_the_lines_that_changed(tmp_path: Path) -> None:
    found = results(tmp_path)

    assert found == [
        Mutant("sums", "most", ("def x_most__mutmut_1(a: int, b: int = 1) -> int:",), killed=True),
        Mutant("sums", "most", ("if a >= b:",), killed=False),
        Mutant("sums", "Sum.add", ("(gone)",), killed=False),
    ]
    assert read_results(tmp_path, ["margin"]) == []
    assert round(score(found), 1) == 33.3
    assert score([]) == 0


def test_survivors_are_listed_with_the_reason_or_as_a_test_that_is_missing(tmp_path: Path) -> None:
    lines = list(report(results(tmp_path), [KNOWN]))

    assert lines[1:3] == [
        "sums                     3       1       2    33.3%",
        "all                      3       1       2    33.3%",
    ]
    assert lines[3:] == [
        f"\nsums.most: {KNOWN.why}",
        "    if a >= b:",
        "\nsums.Sum.add: a test is missing",
        "    (gone)",
    ]


def test_the_survivors_that_no_test_can_kill_name_functions_that_exist() -> None:
    for known in known_survivors():
        module, _, name = known.function.partition(".")
        assert hasattr(import_module(f"core.risk.{module}"), name), known.function
        assert known.becomes
        assert known.why
