"""Last values that wait for a desk: each account keeps its own."""

from __future__ import annotations

from msgspec.structs import replace

from core.domain.events import RiskUpdated
from core.link.stream import Conflator
from tests.tui.sample import FIGURES


def test_the_figures_of_one_account_never_replace_those_of_another() -> None:
    waiting = Conflator()
    other = replace(FIGURES, account="DU0000999")
    later = replace(FIGURES, budgets=())

    for figures in (FIGURES, other, later):
        waiting.put(RiskUpdated(figures=figures))

    assert waiting.take() == [RiskUpdated(figures=later), RiskUpdated(figures=other)]
    assert not waiting
