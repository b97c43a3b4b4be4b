"""The bus in memory keeps to the rules of every bus."""

from __future__ import annotations

from core.orderplane.bus import IntentBus, StrategyBus
from core.orderplane.memory_bus import MemoryHub
from tests.orderplane.bus_rules import LEASE, Rule, rules


class MemoryWorld:
    """Implements `World`."""

    def __init__(self) -> None:
        self._hub = MemoryHub(abandoned=LEASE)

    async def consumer(self) -> IntentBus:
        """A further consumer."""
        return self._hub.consumer()

    async def strategy(self) -> StrategyBus:
        """The hub itself."""
        return self._hub


@rules
async def test_rule(rule: Rule) -> None:
    await rule(MemoryWorld())
