"""Core's figures over HTTP, as a monitoring program reads them, from a core in a process of its own."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from http.client import HTTPConnection, HTTPResponse, RemoteDisconnected
from importlib.metadata import version
from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.bootstrap.metrics_server import HOST, PATH, MetricsServer
from core.domain.events import Envelope, Health
from core.domain.orders import OrderState, Side
from tests.core_process import PATIENCE, Watcher, market_order, running_core
from tests.desk_home import DeskHome
from tests.hostile import ACCOUNT
from tests.processes.orders import order_in, write_profile

SYMBOL = "AAPL"
TIMES = "ibdesk_order_latency_seconds"


class Answer(NamedTuple):
    """What came of one request."""

    status: int
    text: str


def get(port: int, path: str = PATH, host: str = "") -> Answer:
    """Read once; `host` is another name than the true one under which the reader believes to be there."""
    connection = HTTPConnection(HOST, port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Host": f"{host}:{port}"} if host else {})
    answer: HTTPResponse = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return Answer(answer.status, text)


def free_port() -> int:
    """One that nobody has now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every figure by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def one_filled(envelope: Envelope) -> Health | None:
    """What a watcher waits for: core's own figures with one order that filled."""
    event = envelope.event
    return event if isinstance(event, Health) and event.metrics.counters.filled == 1 else None


@pytest.fixture
async def watcher_and_port() -> AsyncIterator[tuple[Watcher, int]]:
    """A practice core that serves figures, and somebody attached to it."""
    port = free_port()
    with DeskHome() as home:
        write_profile(home, "practice", f"[metrics]\nport = {port}\n")
        async with running_core(home) as core, await core.attach() as watcher:
            await watcher.ready_for(SYMBOL)
            yield watcher, port


@pytest.mark.covers("D4.10")
@pytest.mark.covers("D0.11")
async def test_an_order_is_counted_and_timed(watcher_and_port: tuple[Watcher, int]) -> None:
    watcher, port = watcher_and_port
    command = market_order(watcher.snapshot, SYMBOL, Side.BUY, 1)
    assert (await watcher.send(command)).ok
    await watcher.wait(order_in(command.request.order_ref, OrderState.FILLED))
    health = await watcher.wait(one_filled)

    raw = get(port).text
    found = samples(raw)

    assert found["ibdesk_orders", "filled"] == 1
    assert found["ibdesk_connected",] == 1
    assert found["ibdesk_trading_state", "ACTIVE"] == 1
    assert found["ibdesk_info", "practice", "practice", version("ibdesk")] == 1
    assert (found["ibdesk_orders", "sent"], found["ibdesk_orders", "taken"]) == (1, 1)
    assert found["ibdesk_order_success_ratio",] == 1
    stages = {name[2]: figure for name, figure in found.items() if name[:2] == (TIMES, "0.5")}
    assert list(stages) == ["intent_to_submit", "submit_to_ack", "ack_to_fill", "total"]
    assert 0 < stages["intent_to_submit"] <= stages["total"] < PATIENCE
    assert found["ibdesk_frames_sent_total",] > 5
    assert found["ibdesk_journal_commit_seconds",] > 0
    assert any(name[0] == "ibdesk_day_pnl" and name[2] == "USD" for name in found)
    assert not ACCOUNT.search(raw)
    # A page in a browser, under a name of its own, and another path.
    assert get(port, host="attacker.example").status == 403
    assert get(port, host="localhost").status == 200
    assert get(port, "/").status == 404
    assert found[TIMES, "0.5", "total"] == float(health.metrics.latencies[-1].p50_ms / 1000)


async def test_a_port_that_somebody_has_is_named_and_core_goes_on() -> None:
    with DeskHome() as home, socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        write_profile(home, "practice", f"[metrics]\nport = {port}\n")
        async with running_core(home) as core, await core.attach() as watcher:
            told = await watcher.until(lambda snapshot: any("metrics" in one.text for one in snapshot.incidents))

    (text,) = (one.text for one in told.incidents if "metrics" in one.text)
    assert re.fullmatch(
        rf"No metrics are served: port {port} of 127\.0\.0\.1 can't be had \(Address already in use\)\. "
        r"End the program .* set metrics\.port .*",
        text,
    )


def test_readers_that_say_nothing_are_cut_and_the_next_one_is_answered() -> None:
    server = MetricsServer(0, lambda: b"figures\n")
    server.start()
    try:
        with socket.create_connection((HOST, server.port)) as silent:
            assert get(server.port) == Answer(200, "figures\n")
            assert silent.recv(1) == b""
    finally:
        server.stop()
    with pytest.raises(ConnectionRefusedError):
        get(server.port)


def test_figures_that_fail_leave_the_server_alive(caplog: pytest.LogCaptureFixture) -> None:
    answers = [b"well\n"]

    def figures() -> bytes:
        if len(caplog.records) == 0:
            raise ValueError("no figures")
        return answers.pop()

    server = MetricsServer(0, figures)
    server.start()
    try:
        with pytest.raises(RemoteDisconnected):
            get(server.port)
        assert get(server.port).text == "well\n"
    finally:
        server.stop()
    assert [record.message for record in caplog.records] == ["the metrics could not be given"]
