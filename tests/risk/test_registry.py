"""The registry of controls: complete, consistent, and what its page says."""

from __future__ import annotations

from importlib import import_module
from operator import attrgetter

import pytest

from core.domain.limits import Limits
from core.risk.controls_page import PAGE, page
from core.risk.guards import GUARDS, Guard
from core.risk.numbers import NUMBERS
from core.risk.registry import CONTROLS, Rule


def test_the_page_is_what_the_registry_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m core.risk.controls_page"


def test_numbers_and_names() -> None:
    every: list[Rule | Guard] = [*CONTROLS, *GUARDS]

    assert list(NUMBERS) == list(range(1, 29))
    assert {one.number for one in every} <= NUMBERS.keys()
    names = [one.name for one in every]
    assert len(set(names)) == len(names)
    assert all(one.sentence.endswith(".") and len(one.sentence) < 200 for one in every)


def test_every_check_stands_once() -> None:
    checks = [rule.check for rule in CONTROLS]

    assert len(set(checks)) == len(checks)
    assert all(rule.codes for rule in CONTROLS)


@pytest.mark.parametrize("rule", CONTROLS, ids=attrgetter("name"))
def test_settings_of_a_check_are_limits(rule: Rule) -> None:
    assert set(rule.settings) <= set(Limits.__struct_fields__)


@pytest.mark.parametrize("guard", GUARDS, ids=attrgetter("name"))
def test_what_decides_a_guard_exists(guard: Guard) -> None:
    module, _, name = guard.decides.partition(":")

    assert callable(attrgetter(name)(import_module(module)))
