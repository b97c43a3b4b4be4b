"""What one more client costs the practice gateway: 20 clients with 100 lines each, against 5 of them.

The figure is processor time of the gateway's process for the same market steps, without what the market itself costs
when nobody reads, divided by the number of clients. `cpu_per_client_ratio` is that at 20 clients over that at 5: 1 is
flat. `cpu_percent` is what 20 clients take of one processor at the market's own pace of ten steps a second.
"""

from __future__ import annotations

from statistics import median

from tests.bench.practice_process import Counter, Flood, flooding_gateway
from tests.bench.result import BenchResult

FEW, MANY = 5, 20
LINES = 100
STEPS, SHORT_STEPS = 100, 20
ROUNDS, SHORT_ROUNDS = 7, 1
STEPS_PER_SECOND = 10
WARM_UP = 10


def run(short: bool) -> BenchResult:
    """Medians of rounds with none, few and many clients in turn."""
    steps = SHORT_STEPS if short else STEPS
    with flooding_gateway() as gateway:
        rounds = [_round(gateway, steps) for _ in range(SHORT_ROUNDS if short else ROUNDS)]
    few = median((few - none) / FEW for none, few, _ in rounds)
    many = median((many - none) / MANY for none, _, many in rounds)
    total = median(many for _, _, many in rounds)
    return BenchResult(
        values={
            "cpu_per_client_ratio": many / few,
            "cpu_ms_per_client": many * 1000 / steps * STEPS_PER_SECOND,
            "cpu_percent": total * 100 / steps * STEPS_PER_SECOND,
        },
        baseline={"few_cpu_ms_per_client": few * 1000 / steps * STEPS_PER_SECOND},
    )


def _round(gateway: Flood, steps: int) -> tuple[float, float, float]:
    """Processor seconds of the steps with none, few and many clients."""
    none, few, many = (_cost(gateway, steps, clients) for clients in (0, FEW, MANY))
    return none, few, many


def _cost(gateway: Flood, steps: int, count: int) -> float:
    clients = [Counter(gateway.port, number) for number in range(1, count + 1)]
    for client in clients:
        client.subscribe(gateway.con_ids[:LINES])
    gateway.walk(WARM_UP, clients)
    seconds = gateway.walk(steps, clients)
    for client in clients:
        client.close()
    return seconds
