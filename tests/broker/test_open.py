"""Opening a connection: what can go wrong in a handshake, and what a person is told."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from core.broker.adapter import IbBroker
from core.clock import LoopClock
from core.domain.connection import Endpoint, Mode
from core.domain.reports import AccountsReport, ErrorClass, ErrorReport, RequestKind
from core.errors import ConnectError, NotConnectedError
from core.ports import ConnectPermit
from tests.broker.scripted import (
    ACCOUNTS,
    GREETING,
    NEXT_ID,
    PATIENCE,
    Ear,
    Gateway,
    Peer,
    Script,
    approved,
    connected,
    frame,
    gateway,
    request,
)


async def refused(script: Script, timeout: float = PATIENCE) -> str:
    """What `open` says when the gateway does this; nothing may be left open."""
    async with gateway(script) as made:
        broker = IbBroker(Ear(), LoopClock())
        with pytest.raises(ConnectError) as caught:
            await broker.open(made.permit, 7, timeout)
        with pytest.raises(NotConnectedError):
            await broker.place(approved(request()), 1, modify=False)
        await broker.close()
        return str(caught.value).replace(f"127.0.0.1:{made.port}", "GATEWAY")


def says(data: bytes) -> Script:
    """A server that answers the greeting with `data` and keeps the line open."""

    async def script(peer: Peer) -> None:
        peer.send(data)
        await peer.listen()

    return script


async def stays_silent(peer: Peer) -> None:
    await peer.listen()


async def hangs_up(peer: Peer) -> None:
    await peer.reader.readexactly(4)


async def test_handshake_brings_version_accounts_and_first_id() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(rest=frame(15, 1, "DU1,DU2,") + frame(9, 1, 41))
        await peer.listen()

    async with gateway(script) as made:
        broker = IbBroker(Ear(), LoopClock())
        handshake = await broker.open(made.permit, 7, PATIENCE)

        assert (handshake.server_version, handshake.accounts, handshake.next_order_id) == (178, ("DU1", "DU2"), 41)
        assert broker.take_order_id() == 41
        await broker.close()
        # The start of the session is all that was ever said.
        assert made.peer.seen == [["71", "2", "7", ""]]


async def test_accounts_may_follow_the_first_id() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(rest=NEXT_ID + ACCOUNTS)
        await peer.listen()

    async with connected(script) as desk:
        assert desk.broker.take_order_id() == 5


async def test_reserved_ids_are_never_given_out() -> None:
    async with connected() as desk:
        desk.broker.reserve_order_ids(38103)
        desk.broker.reserve_order_ids(100)

        assert desk.broker.take_order_id() == 38103
        assert desk.broker.take_order_id() == 38104


async def test_id_that_an_order_uses_is_never_given_out() -> None:
    async with connected() as desk:
        await desk.broker.place(approved(request()), 900, modify=True)

        assert desk.broker.take_order_id() == 901


async def test_dead_port() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    broker = IbBroker(Ear(), LoopClock())

    with pytest.raises(ConnectError) as caught:
        await broker.open(ConnectPermit(Endpoint("127.0.0.1", port), Mode.PAPER, "", read_only=False), 7, PATIENCE)

    assert str(caught.value) == (
        f"Nothing listens on 127.0.0.1:{port}. Start TWS or IB Gateway, enable its API socket (Configure > API > "
        "Settings) and check the port."
    )


async def test_dead_port_of_a_host_with_two_addresses() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    broker = IbBroker(Ear(), LoopClock())

    with pytest.raises(ConnectError, match=f"^Nothing listens on localhost:{port}\\."):
        await broker.open(ConnectPermit(Endpoint("localhost", port), Mode.PAPER, "", read_only=False), 7, PATIENCE)


async def test_unknown_host() -> None:
    broker = IbBroker(Ear(), LoopClock())

    with pytest.raises(ConnectError, match=r"^No machine is called no-such-host\.invalid\. Check the host\.$"):
        await broker.open(
            ConnectPermit(Endpoint("no-such-host.invalid", 7497), Mode.PAPER, "", read_only=False), 7, PATIENCE
        )


async def test_silence() -> None:
    assert await refused(stays_silent, timeout=0.1) == (
        "GATEWAY took the connection but said nothing for 0.1 s. Look for an open dialog in TWS or IB Gateway, or "
        "check that the port is theirs."
    )


async def test_greeting_without_accounts() -> None:
    text = await refused(says(GREETING + NEXT_ID + frame(4, 2, -1, 2110, "no\x1b[31m link", "")), timeout=0.1)

    assert text == (
        "GATEWAY greeted, but named no accounts within 0.1 s. It said: no link [2110] Look in TWS or IB Gateway "
        "whether it is logged in and shows an open dialog."
    )


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\xff\xff\xff\xff" + b"x" * 64,
        b"\x00\x01\x00\x00" + b"x" * 64,
        frame("hello", "world"),
        frame(178),
        frame(178, "now", "more"),
        b"\x00\x00\x00\x00",
    ],
)
async def test_garbage(data: bytes) -> None:
    text = await refused(says(data))

    assert text.startswith("GATEWAY answers, but not as TWS does.")


@pytest.mark.parametrize(("version", "advice"), [(156, "Update TWS or IB Gateway."), (179, "Update ibdesk.")])
async def test_version_that_we_do_not_speak(version: int, advice: str) -> None:
    text = await refused(says(frame(version, "20261120 10:00:00 UTC")))

    assert text == f"GATEWAY speaks version {version} of the TWS API; ibdesk speaks 157 to 178. {advice}"


async def test_client_id_in_use_is_told_at_once() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(rest=frame(4, 2, -1, 326, "Unable to connect as the client id is already in use.", ""))
        await peer.listen()

    started = time.monotonic()
    text = await refused(script, timeout=60)

    assert time.monotonic() - started < PATIENCE
    assert text == (
        "Client id 7 is already in use at GATEWAY. End the other program that uses it, or choose another client id. "
        "[326]"
    )


async def test_end_of_file_in_the_handshake() -> None:
    text = await refused(hangs_up, timeout=60)

    assert text.startswith("GATEWAY ended the connection during the handshake. Check in TWS")


async def test_last_words_before_the_end_are_told() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(rest=frame(4, 2, -1, 507, "Bad message length", ""))

    assert "It said: Bad message length [507]" in await refused(script)


async def test_cancelled_open_leaves_nothing() -> None:
    async with gateway(stays_silent) as made:
        broker = IbBroker(Ear(), LoopClock())
        opening = asyncio.create_task(broker.open(made.permit, 7, 60))
        async with asyncio.timeout(PATIENCE):
            await made.connected.wait()
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            # The server's reader ends only when our socket is gone.
            await made.peer.listen()


async def test_farm_messages_of_the_handshake_are_reported() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(
            rest=ACCOUNTS + NEXT_ID + frame(4, 2, -1, 2104, "Market data farm connection is OK:usfarm", "")
        )
        await peer.listen()

    async with connected(script) as desk:
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))

        assert desk.ear.reports == [
            ErrorReport(
                request_id=-1,
                kind=RequestKind.CONNECTION,
                code=2104,
                text="Market data farm connection is OK:usfarm",
                error_class=ErrorClass.FARM_UP,
            )
        ]


async def test_another_login_is_reported() -> None:
    async with connected() as desk:
        desk.peer.send(frame(15, 1, "U7654321"))
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))

        assert desk.ear.reports == [AccountsReport(accounts=("U7654321",))]


async def test_close_is_told_without_a_reason_and_only_once() -> None:
    async with connected() as desk:
        await desk.broker.close()
        await desk.broker.close()

        assert desk.ear.ends == [""]


async def test_peer_that_leaves_is_told_with_a_reason() -> None:
    async with connected() as desk:
        desk.peer.hang_up()
        await desk.ear.wait_for(lambda: bool(desk.ear.ends))

        assert desk.ear.ends == ["The gateway closed the connection."]
        with pytest.raises(NotConnectedError):
            await desk.broker.positions()


async def test_failed_open_is_not_told_as_a_disconnect() -> None:
    async with gateway(hangs_up) as made:
        ear = Ear()
        broker = IbBroker(ear, LoopClock())
        with pytest.raises(ConnectError):
            await broker.open(made.permit, 7, PATIENCE)

        assert ear.ends == []


async def test_frame_of_four_gigabytes_ends_the_connection() -> None:
    async with connected() as desk:
        desk.peer.send(b"\xff\xff\xff\xff")
        await desk.ear.wait_for(lambda: bool(desk.ear.ends))

        assert "4,294,967,295 bytes" in desk.ear.ends[0]


async def test_open_again_after_a_disconnect() -> None:
    async with connected() as desk:
        desk.peer.hang_up()
        await desk.ear.wait_for(lambda: bool(desk.ear.ends))
        before = desk.broker.take_order_id()
        made: Gateway = desk.gateway
        await desk.broker.open(made.permit, 7, PATIENCE)

        assert len(made.peers) == 2
        # The gateway starts again at 5; an id is never given out twice.
        assert desk.broker.take_order_id() > before


async def test_frames_wait_for_no_one() -> None:
    async with connected() as desk:
        transport = desk.peer.writer.get_extra_info("socket")
        ours = transport.getpeername()
        assert ours[0] == "127.0.0.1"
        session = desk.broker._session
        assert session is not None
        assert session.connection._transport is not None
        sock = session.connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
