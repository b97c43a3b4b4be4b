"""`ibdesk doctor`: what it finds at gateways that are well and at those that are not."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.cli.doctor_core import clock, market_data
from core.cli.doctor_machine import is_listening, windows_host
from core.cli.findings import Grade
from core.domain.instruments import Instrument, SecType
from core.domain.quotes import DataType, Quote
from tests.cli.ibdesk import Done, ibdesk
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway

MOMENT = datetime(2026, 11, 20, 15, tzinfo=UTC)
NOW = Quote(con_id=756733, bid=Decimal("598.01"), ask=Decimal("598.02"))
SPY = Instrument(con_id=756733, symbol="SPY", sec_type=SecType.STK, exchange="SMART")


async def examined(*gateway: str, words: Sequence[str] = ()) -> Done:
    """What the doctor says of a gateway with these options."""
    with DeskHome() as home:
        async with running_gateway(home, *gateway) as port:
            return await asyncio.to_thread(ibdesk, home, "doctor", "--port", str(port), *words)


def grades(done: Done) -> dict[str, str]:
    """The grade of each thing that was looked at."""
    return {str(one["name"]): str(one["grade"]) for one in done.rows("findings")}


async def test_a_gateway_that_is_well_passes_everything_that_can_be_seen() -> None:
    done = await examined(words=["--json"])

    assert (done.status, done.figures["ok"]) == (0, True)
    found = grades(done)
    assert found.pop("precautions") == "?"
    assert set(found.values()) == {"ok"}
    assert found.keys() >= {
        "settings",
        "gateway",
        "connection",
        "accounts",
        "orders",
        "clock",
        "contract",
        "market data",
        "permissions",
    }


@pytest.mark.covers("D3.7")
async def test_a_read_only_api_without_an_account_chosen_is_told_with_what_to_click() -> None:
    done = await examined("--readonly", "--other", "DU7777777")

    assert done.status == 1
    assert re.search(r"^warn  accounts .*No account is chosen", done.out, re.MULTILINE)
    assert re.search(r"^FAIL  orders .*Take the tick off Read-Only API", done.out, re.MULTILINE)
    assert done.out.endswith("No order would leave now: see FAIL above.\n")


def test_nothing_listens_and_nothing_is_connected_to() -> None:
    with DeskHome() as home:
        done = ibdesk(home, "doctor", "--port", "1", "--json")

    assert done.status == 1
    assert grades(done) == {"settings": "ok", "folders": "ok", "gateway": "FAIL", "connection": "FAIL"}
    assert "Enable ActiveX and Socket Clients" in done.out


def test_whether_a_port_is_taken_is_seen_without_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(0.05)

        assert is_listening(port)
        with pytest.raises(TimeoutError):
            server.accept()
    assert not is_listening(port)


@pytest.mark.parametrize(
    ("kernel", "host"), [("5.15.167.4-microsoft-standard-WSL2", "172.20.16.1"), ("6.8.0-45-generic", "")]
)
def test_below_wsl_the_windows_host_is_the_way_out(tmp_path: Path, kernel: str, host: str) -> None:
    (tmp_path / "osrelease").write_text(kernel)
    gateway = int.from_bytes(IPv4Address("172.20.16.1").packed, sys.byteorder)
    rows = ("Iface Destination Gateway Flags", "eth0 000010AC 00000000 0001", f"eth0 00000000 {gateway:08X} 0003")
    (tmp_path / "route").write_text("\n".join(row.replace(" ", "\t") for row in rows))

    assert windows_host(tmp_path / "osrelease", tmp_path / "route") == host
    assert windows_host(tmp_path / "none", tmp_path / "none") == ""


@pytest.mark.parametrize(
    ("ahead", "grade", "words"),
    [
        (None, Grade.UNKNOWN, "not told its time"),
        (Decimal("-0.4"), Grade.OK, "In step"),
        (Decimal("2.0"), Grade.OK, "In step"),
        (Decimal("2.1"), Grade.WARN, "2.1 s behind the gateway's"),
        (Decimal(-90), Grade.WARN, "90 s ahead of the gateway's"),
    ],
)
def test_a_clock_that_is_off_is_told(ahead: Decimal | None, grade: Grade, words: str) -> None:
    finding = clock(ahead)

    assert finding.grade is grade
    assert words in finding.text


@pytest.mark.parametrize(
    ("quote", "grade", "words"),
    [
        (None, Grade.WARN, "No quote of SPY"),
        (NOW, Grade.WARN, "No quote of SPY"),
        (replace(NOW, data_type=DataType.DELAYED), Grade.WARN, "are delayed, not live"),
        (replace(NOW, halted=True), Grade.WARN, "no two live sides"),
        (NOW, Grade.OK, "Live: SPY 598.01 to 598.02"),
    ],
)
def test_what_a_quote_says_of_the_data(quote: Quote | None, grade: Grade, words: str) -> None:
    told = quote if quote is None or words.startswith("No quote") else replace(quote, updated=MOMENT)

    finding = market_data(SPY, told)

    assert (finding.grade, words in finding.text) == (grade, True)
