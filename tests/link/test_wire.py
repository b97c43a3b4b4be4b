"""Messages survive the wire, and the digest knows when they changed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from core.domain.commands import Ack, Command
from core.domain.events import Envelope, Snapshot
from core.errors import LinkError
from core.link.shapes import describe
from core.link.wire import (
    BUILD,
    FRAME_CAP,
    EventBatch,
    FrameReader,
    Refusal,
    Reply,
    Request,
    client_decoder,
    core_decoder,
    frame,
    schema_digest,
)
from tests.journal.values import values_of

ROOT = Path(__file__).resolve().parents[2]
SLOW_IS_FINE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def over_the_wire(data: bytes) -> bytes:
    """The message in a frame, as a reader gets it in two pieces."""
    reader = FrameReader()
    assert list(reader.feed(data[:3])) == []
    [message] = reader.feed(data[3:])
    return message


@SLOW_IS_FINE
@given(values_of(Command))
def test_every_command_arrives(command: Command) -> None:
    request = Request(id=1, body=command)

    assert client_decoder().decode(over_the_wire(frame(request))) == request


@SLOW_IS_FINE
@given(values_of(Ack))
def test_every_answer_arrives(ack: Ack) -> None:
    reply = Reply(id=1, ack=ack)

    assert core_decoder().decode(over_the_wire(frame(reply))) == reply


@SLOW_IS_FINE
@given(values_of(Envelope))
def test_every_event_arrives(envelope: Envelope) -> None:
    batch = EventBatch(envelopes=(envelope,))

    assert core_decoder().decode(over_the_wire(frame(batch))) == batch


@settings(parent=SLOW_IS_FINE, max_examples=30)
@given(values_of(Snapshot))
def test_every_snapshot_arrives(snapshot: Snapshot) -> None:
    reply = Reply(id=1, snapshot=snapshot)

    assert core_decoder().decode(over_the_wire(frame(reply))) == reply


def test_message_beyond_the_cap_is_never_sent() -> None:
    with pytest.raises(LinkError, match="doesn't fit"):
        frame(Refusal(reason="x" * (FRAME_CAP + 1)))


def test_build_is_the_projects_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["version"] == BUILD


def test_digest_is_the_same_in_every_process() -> None:
    code = "from core.link.wire import schema_digest; print(schema_digest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert digests == {schema_digest()}


def test_digest_covers_every_type_that_travels() -> None:
    described = {line.split()[0] for line in describe()}
    schema = msgspec.json.schema_components([Request, Reply, EventBatch], ref_template="{name}")[1]

    assert set(schema) <= {name.rpartition(".")[2] for name in described}
    assert len(schema) > 40
