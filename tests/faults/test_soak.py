"""The seeded soak: 2,000 short stories in every run of the tests, 20,000 with `--full`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.scale import FULL
from tests.faults.soak import run_seeds
from tests.faults.spreading import spread

SEEDS = 20_000 if FULL else 2_000
PARTS = 10


@pytest.mark.row(75)
@pytest.mark.timeout(7200 if FULL else 300)
@pytest.mark.parametrize("part", range(PARTS))
def test_stories_of_all_faults_mixed_stay_safe_and_converge(
    part: int, record_property: Callable[[str, object], None]
) -> None:
    many = SEEDS // PARTS

    done = spread(run_seeds, range(1 + part * many, 1 + (part + 1) * many))

    record_property("cases", done["seeds"])
    assert done["seeds"] == many
    # Every kind of deed was among them.
    assert min(done[name] for name in ("crash", "cut", "link", "disk", "restart_gateway", "fault", "fills")) > 0
