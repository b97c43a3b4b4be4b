"""One practice core for all tests of a package, kept alive by a client that stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import Broker
from tests.desk_home import DeskHome
from tests.processes.orders import write_profile

_LIMITS = """\
[limits]
# So that IBKR's own refusal for missing funds can be seen.
margin_percent = 100000
order_value = 50000000
# One test's quantities must not be unusual to another's, and its refusals no failures to them.
unusual_times = "none"
breaker_failures = "none"
"""


@pytest.fixture(scope="package")
def practice() -> Iterator[Broker]:
    """A core on a practice gateway that scripts of these tests share; the client that keeps it alive."""
    with DeskHome() as home, pytest.MonkeyPatch.context() as patch:
        for name, value in home.env.items():
            patch.setenv(name, value)
        write_profile(home, "practice", _LIMITS)
        write_profile(home, "elsewhere", 'mode = "paper"\n')
        with Broker(name="keeper") as keeper:
            yield keeper
