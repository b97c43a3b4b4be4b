"""The gateway as a process: its line, its exits, what it loads."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from core.practice import tables_in as ask
from core.practice.server import mask_account
from tests.practice.raw_client import RawClient

SECONDS = 10.0


@dataclass
class Started:
    """A running gateway and what it said when it was ready."""

    process: subprocess.Popen[bytes]
    ready: dict[str, object]
    line: str

    @property
    def port(self) -> int:
        """Where it listens."""
        port = self.ready["port"]
        assert isinstance(port, int)
        return port


@contextmanager
def started(*arguments: str) -> Iterator[Started]:
    """Run ``python -m core.practice`` on a free port until the end of the block."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "core.practice", "--port", "0", "--ready-fd", str(writing), *arguments],
        pass_fds=(writing,),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    os.close(writing)
    with process, os.fdopen(reading, "rb") as ready:
        try:
            assert process.stdout is not None
            yield Started(process, json.loads(ready.readline()), process.stdout.readline().decode())
        finally:
            process.kill()
            process.wait(SECONDS)


def test_the_line_and_the_ready_word() -> None:
    with started("--account", "DU7654321") as gateway:
        assert gateway.line == (f"practice gateway on 127.0.0.1:{gateway.port} · server version 178 · account DU…321\n")
        assert gateway.ready == {
            "port": gateway.port,
            "account": "DU7654321",
            "server_version": 178,
            "pid": gateway.process.pid,
        }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    with started("--state", str(tmp_path / "state")) as gateway:
        gateway.process.send_signal(number)
        output, errors = gateway.process.communicate(timeout=SECONDS)

        assert (gateway.process.returncode, output, errors) == (0, b"", b"")
    assert not (tmp_path / "state" / "endpoint.json").exists()


def test_it_ends_when_idle() -> None:
    with started("--idle-exit", "0.05") as gateway:
        assert gateway.process.wait(SECONDS) == 0


async def test_it_does_not_end_while_somebody_is_there() -> None:
    with started("--idle-exit", "0.2") as gateway:
        client = await RawClient.connect(gateway.port)
        await asyncio.sleep(0.4)
        assert gateway.process.poll() is None
        await client.close()
        assert await asyncio.to_thread(gateway.process.wait, SECONDS) == 0


def refused(*arguments: str) -> str:
    """Run a gateway that must not start; return its one line."""
    ended = subprocess.run(
        [sys.executable, "-m", "core.practice", *arguments],
        capture_output=True,
        timeout=SECONDS,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == b""
    text = ended.stderr.decode()
    assert text.count("\n") == 1
    return text


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = refused("--port", str(port))

    assert text == f"Practice gateway not started: port {port} is in use. Choose another with --port.\n"


def test_a_taken_folder_is_one_clear_line(tmp_path: Path) -> None:
    with started("--state", str(tmp_path)):
        text = refused("--port", "0", "--state", str(tmp_path))

    assert text == (f"Practice gateway not started: state folder {tmp_path} is used by another practice gateway.\n")


async def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    with started("--state", str(tmp_path)) as gateway:
        client = await RawClient.connect(gateway.port)
        filled = client.place()
        await client.until(filled, "commission")
        waiting = client.place(orderType="LMT", lmtPrice=Decimal("100.00"))
        await client.until(waiting, "Submitted")
        gateway.process.send_signal(signal.SIGKILL)
        await client.ended()
    fills = [record.text("execId") for message, record in client.heard if message.name == "execDetails"]
    with started("--state", str(tmp_path)) as gateway:
        again = await RawClient.connect(gateway.port)
        again.ask(ask.OPEN_ORDERS)
        opened = await again.wait_for("openOrder")
        again.ask(ask.EXECUTIONS, reqId=9)
        execution = await again.wait_for("execDetails")
        await again.close()

        assert opened.integer("orderId") == waiting
        assert execution.text("execId") == fills[0]


def test_it_starts_quickly_and_loads_nothing_heavy() -> None:
    began = time.monotonic()
    with started():
        assert time.monotonic() - began < 2
    code = "import sys, core.practice.__main__; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=SECONDS, cwd=Path(__file__).parents[2], check=True
    )
    names = loaded.stdout.decode().split()

    heavy = {"click", "pydantic", "numpy", "ib_async", "textual", "rich", "msgspec", "tui"}
    assert heavy.isdisjoint(names)
    assert {name for name in names if name.startswith("core.") and not name.startswith("core.practice")} == set()


@pytest.mark.parametrize(("account", "masked"), [("DU1234567", "DU…567"), ("U7654321", "U…321"), ("", "…")])
def test_accounts_are_masked(account: str, masked: str) -> None:
    assert mask_account(account) == masked
