"""`python -m tests.orderplane.soak`: many intents over Redis or Valkey, while order planes and the server are killed.

Four strategy processes, two order planes, a practice core whose rate is raised. One order plane is killed with -9 every
few seconds, and the server once. In the end what the strategies read is compared with core's journal: each intent was
placed exactly once or refused with a reason, and every report that the journal makes was delivered, under its name.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from core.domain.entries import Entry, Intent, fact_of
from core.journal.recovery import read_entries
from core.orderplane.notes import order_ref_of
from core.orderplane.redis_bus import RedisStrategy
from core.orderplane.reports import Reporting
from tests.architecture.sources import ROOT
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome
from tests.orderplane.soak_strategy import Told
from tests.processes.orders import journal_of, write_profile
from tests.redis_server import RedisServer, running_redis
from tests.wide import WIDE_PROFILE

RATE = 100_000
"""Messages a second that the profile lets core send: more than it can."""
PLANES = 2


class Plan(NamedTuple):
    """How long, and how rough."""

    intents: int = 20_000
    strategies: int = 4
    kill_every: float = 4.0
    """Seconds between two kills of an order plane; 0 kills none."""
    restart_server: bool = True


class Found(NamedTuple):
    """What came of it."""

    intents: int
    seconds: float
    kills: int
    filled: int
    refused: int
    """And not in the journal."""
    reasons: dict[str, int]
    """How often each code of a refusal was given."""
    reports: int
    repeated: int
    """Reports that were delivered more than once."""
    recorded_p99_ms: float
    ended_p99_ms: float
    wrong: list[str]
    """Everything that should not be; empty when all held."""


class Soak:
    """One run."""

    def __init__(self, home: DeskHome, server: RedisServer, plan: Plan) -> None:
        self._home = home
        self._server = server
        self._plan = plan
        self._planes: list[subprocess.Popen[bytes]] = []
        self.kills = 0

    def _start_plane(self) -> subprocess.Popen[bytes]:
        words = ("order-plane", "--takeover", "2", "--max-age", "600")
        log = (self._home.folder / "order_planes.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "tui", *words],
                env={**self._home.env, "PYTHONPATH": str(ROOT), "IBDESK_BUS": self._server.url},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    async def run(self) -> list[Told]:
        """Returns what each strategy saw, once all their intents have ended."""
        self._planes = [self._start_plane() for _ in range(PLANES)]
        rough = asyncio.create_task(self._be_rough())
        try:
            count = self._plan.strategies
            share = self._plan.intents // count
            return list(await asyncio.gather(*(self._strategy(f"S{number}", share) for number in range(count))))
        finally:
            rough.cancel()
            await asyncio.wait((rough,))
            for plane in self._planes:
                plane.terminate()
            for plane in self._planes:
                await asyncio.to_thread(plane.wait)

    async def _strategy(self, name: str, count: int) -> Told:
        to = self._home.folder / f"{name}.json"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "tests.orderplane.soak_strategy", self._server.url, name, str(count), str(to),
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        try:
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert status == 0, f"strategy {name} ended with {status}"
        return Told(**json.loads(to.read_text(encoding="utf-8")))

    async def _be_rough(self) -> None:
        while self._plan.kill_every:
            await asyncio.sleep(self._plan.kill_every)
            number = self.kills % PLANES
            self._planes[number].kill()
            await asyncio.to_thread(self._planes[number].wait)
            self.kills += 1
            self._planes[number] = self._start_plane()
            if self.kills == 3 and self._plan.restart_server:
                self._server.kill()
                await self._server.start()


async def soak(plan: Plan) -> Found:
    """Run it once and judge it."""
    with DeskHome() as home:
        write_profile(home, "practice", f"messages_per_second = {RATE}\n{WIDE_PROFILE}")
        core = await CoreProcess(home).start()
        try:
            async with running_redis() as server:
                async with await core.attach() as watcher:
                    await watcher.ready_for("AAPL")
                    one = Soak(home, server, plan)
                    began = time.perf_counter()
                    told = await one.run()
                    seconds = time.perf_counter() - began
                    instance = watcher.client.instance
                bus = RedisStrategy(server.url)
                aside = len(await bus.aside())
                await bus.close()
        finally:
            await core.stop()
        return _judged(told, seconds, one.kills, journal_of(home, "practice"), instance, aside)


def _judged(told: Sequence[Told], seconds: float, kills: int, journal: Path, instance: str, aside: int) -> Found:
    entries = list(read_entries(journal))
    placed = Counter(entry.order.order_ref for _, entry in entries if isinstance(entry, Intent))
    ends = Counter(end for one in told for end in one.ends.values())
    wrong = [f"{ref} was placed {count} times" for ref, count in placed.items() if count != 1]
    for one in told:
        wrong += [f"report {report_id} was told in two ways" for report_id in one.unstable]
        wrong += [f"intent {intent_id} has no end" for intent_id in one.asked if intent_id not in one.ends]
        for intent_id, end in one.ends.items():
            count = placed.get(order_ref_of(instance, intent_id), 0)
            if count != (end != "REJECTED"):
                wrong.append(f"intent {intent_id} is {end} and stands {count} times in the journal")
    read = {report_id for one in told for report_id in one.reports}
    missing = _expected(entries, instance) - read
    wrong += [f"report {report_id} was never delivered" for report_id in missing]
    others = sum(one.others for one in told)
    if aside != others:
        wrong.append(f"{aside} messages were set aside, but {others} had another content")
    return Found(
        intents=sum(len(one.asked) for one in told),
        seconds=seconds,
        kills=kills,
        filled=ends["FILLED"],
        refused=ends["REJECTED"],
        reasons=dict(sum((Counter(one.reasons) for one in told), Counter())),
        reports=len(read),
        repeated=sum(1 for one in told for count in one.reports.values() if count > 1),
        recorded_p99_ms=_p99([waited for one in told for waited in one.recorded_ms]),
        ended_p99_ms=_p99([waited for one in told for waited in one.ended_ms]),
        wrong=wrong,
    )


def _expected(entries: Sequence[tuple[int, Entry]], instance: str) -> set[str]:
    """The identities of all reports that the journal makes, but for commissions, which may come after the end."""
    reporting, found = Reporting(instance, {}), set()
    for number, entry in entries:
        fact = fact_of(entry)
        report = None if fact is None else reporting.take(number, fact, {})
        if report is not None:
            body = json.loads(report.body)
            if body["commission"] is None:
                found.add(body["report_id"])
    return found


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]


def main() -> int:
    """Print what was found; 1 if something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intents", type=int, default=Plan().intents)
    parser.add_argument("--kill-every", type=float, default=Plan().kill_every)
    asked = parser.parse_args()
    found = asyncio.run(soak(Plan(intents=asked.intents, kill_every=asked.kill_every)))
    lines = (
        f"{found.intents:,} intents in {found.seconds:.0f} s: {found.intents / found.seconds:.0f} a second, with "
        f"messages_per_second = {RATE:,} and {found.kills} order planes killed",
        f"{found.filled:,} filled, {found.refused:,} refused with a reason: {found.reasons}",
        f"{found.reports:,} reports, {found.repeated:,} of them delivered again",
        f"p99 from asking: {found.recorded_p99_ms:.0f} ms until it is recorded, {found.ended_p99_ms:.0f} ms to its end",
        *(f"WRONG: {line}" for line in found.wrong[:20]),
        f"{len(found.wrong)} wrong",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
