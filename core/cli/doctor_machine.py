"""What `ibdesk doctor` sees without core: settings, folders, and which gateways listen on this machine."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, ip_address
from pathlib import Path

from core.cli.config_report import problems
from core.cli.findings import Finding, Grade, ok
from core.domain.connection import Mode
from core.errors import DeskError
from core.link.paths import runtime_dir, state_dir
from core.risk.live_guard import LIVE_PORTS
from core.settings import Layers, Settings, judge

GATEWAYS: Mapping[int, str] = {
    7497: "TWS, paper",
    7496: "TWS, live",
    4002: "IB Gateway, paper",
    4001: "IB Gateway, live",
    4004: "IB Gateway in a container, paper",
    4003: "IB Gateway in a container, live",
}
"""Where gateways listen unless somebody changed it."""
LITTLE_SPACE = 500 << 20
"""Bytes below which the journal may soon be unable to take an order."""


def look_at_machine(layers: Layers) -> tuple[list[Finding], Settings | None]:
    """What can be seen before core is asked, and the settings; None if they can't be used."""
    report = problems(layers)
    settings, _ = judge(layers)
    if report.wrong or settings is None:
        todo = "`ibdesk config path` says where the files are."
        return [Finding("settings", Grade.FAIL, " ".join(report.wrong), todo)], None
    warnings = [line.removeprefix("Warning: ") for line in report.lines if line.startswith("Warning: ")]
    findings = [Finding("settings", Grade.WARN, line) for line in warnings]
    if not warnings:
        where = settings.endpoint if settings.endpoint.port else "its own gateway"
        findings.append(ok("settings", f"Profile {settings.profile} ({settings.mode}), {where}."))
    return [*findings, *_folders(settings.profile), *_gateways(settings)], settings


def _folders(profile: str) -> Iterator[Finding]:
    try:
        state = state_dir(profile)
        runtime_dir()
    except (DeskError, OSError) as error:
        yield Finding("folders", Grade.FAIL, str(error), "Orders are recorded there before they leave.")
        return
    if not os.access(state, os.W_OK):
        yield Finding("folders", Grade.FAIL, f"{state} can't be written.", f"Make it yours: chmod 700 {state}.")
        return
    free = shutil.disk_usage(state).free
    if free < LITTLE_SPACE:
        text = f"Only {free >> 20:,} MiB are free below {state}."
        yield Finding("folders", Grade.WARN, text, "Make room: without it no order can be recorded, so none leaves.")
    else:
        yield ok("folders", f"{state} is yours alone, {free >> 30:,} GiB free.")


def _gateways(settings: Settings) -> Iterator[Finding]:
    """Which gateways listen here; no connection is made."""
    if settings.mode is Mode.PRACTICE and not settings.endpoint.port:
        yield ok("gateway", "ibdesk starts the practice gateway itself.")
        return
    if not _is_here(settings.host):
        yield Finding("gateway", Grade.UNKNOWN, f"{settings.host} is another machine: only a connection will tell.")
        return
    found = [port for port in {*GATEWAYS, settings.endpoint.port} if is_listening(port)]
    if settings.endpoint.port in found:
        yield ok("gateway", f"Something listens on {settings.endpoint}{_called(settings.endpoint.port)}.")
        return
    yield Finding("gateway", Grade.FAIL, f"Nothing listens on {settings.endpoint}.", _instead(sorted(found)))


def _instead(found: list[int]) -> str:
    """What to do where nothing listens, by the ports on which something does."""
    start = "Start TWS or IB Gateway and log in; tick Configure > API > Settings > Enable ActiveX and Socket Clients."
    others = [f"{port}{_called(port)}" for port in found if port not in LIVE_PORTS]
    if others:
        return (
            f"Something listens on {', '.join(others)}: call it with that --port, or set the port in TWS. Or: {start}"
        )
    if found:
        return f"What listens on {found[0]}{_called(found[0])} is logged in to a live account: log in to paper instead."
    host = windows_host()
    if host:
        shared = "let WSL share its network (networkingMode=mirrored in .wslconfig)"
        return (
            f"TWS on Windows is another machine for WSL: call it with --host {host} and trust WSL in TWS, or {shared}."
        )
    return start


def windows_host(kernel: Path = Path("/proc/sys/kernel/osrelease"), routes: Path = Path("/proc/net/route")) -> str:
    """The address of the Windows below this WSL, by its way out; empty anywhere else."""
    try:
        if "microsoft" not in kernel.read_text().lower():
            return ""
        rows = [line.split() for line in routes.read_text().splitlines()[1:]]
    except OSError:
        return ""
    # Source: proc(5): destination and gateway are hexadecimal, in the machine's order of bytes.
    ways = (row[2] for row in rows if len(row) > 2 and row[1] == "00000000")
    return next((str(IPv4Address(int(way, 16).to_bytes(4, sys.byteorder))) for way in ways), "")


def is_listening(port: int) -> bool:
    """True if a program of this machine has the port: it can't be taken then. Nothing is sent to it."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
        return False


def _called(port: int) -> str:
    return f" ({GATEWAYS[port]})" if port in GATEWAYS else ""


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
