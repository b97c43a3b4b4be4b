"""A client that knows the protocol from the gateway's own tables alone: bytes in, named records out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from decimal import Decimal

from core.practice.codec import frame
from core.practice.tables import Message, Record, Value
from core.practice.tables_in import CONTRACT_DATA, START_API
from core.practice.tables_order import PLACE_ORDER
from core.practice.tables_out import RESPONSES

PATIENCE = 5.0

AAPL = Record(conId=265598, symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
AMD = Record(conId=4391, symbol="AMD", secType="STK", exchange="SMART", currency="USD")
TILRAY = Record(symbol="TLRY", secType="STK", exchange="SMART", currency="USD")

Heard = tuple[Message, Record]


class RawClient:
    """One connection; everything heard is decoded strictly, so a field too many or too few fails the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.heard: list[Heard] = []
        self.next_order_id = 0
        self.accounts = ""

    @classmethod
    async def open(cls, port: int) -> RawClient:
        """Connect and say nothing yet."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer)

    @classmethod
    async def connect(cls, port: int, client_id: int = 1, versions: str = "v100..193") -> RawClient:
        """Connect, greet and start; returns once accounts and the next id are known."""
        client = await cls.open(port)
        client.write(b"API\0" + len(versions).to_bytes(4, "big") + versions.encode())
        fields = await client.read_fields()
        assert fields[0] == "178"
        client.ask(START_API, clientId=client_id)
        client.accounts = (await client.wait_for("managedAccounts")).text("accounts")
        client.next_order_id = (await client.wait_for("nextValidId")).integer("orderId")
        return client

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    def ask(self, message: Message, **values: Value) -> None:
        """Send a request."""
        self.write(message.encode(values))

    async def read_fields(self) -> list[str]:
        """Read one frame. Raises IncompleteReadError at the end of the connection."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readexactly(4)
            payload = await self.reader.readexactly(int.from_bytes(head, "big"))
        assert payload.endswith(b"\0")
        return payload.decode().split("\0")[:-1]

    async def read(self) -> Heard:
        """Read one message."""
        fields = await self.read_fields()
        message = RESPONSES[int(fields[0])]
        if message.version is not None:
            assert fields[1] == str(message.version)
        heard = message, message.decode(fields)
        self.heard.append(heard)
        return heard

    async def wait_for(self, name: str, passes: Callable[[Record], bool] = lambda _: True) -> Record:
        """Read until a message of that name comes which passes."""
        while True:
            message, record = await self.read()
            if message.name == name and passes(record):
                return record

    async def ended(self) -> bool:
        """Whether the gateway closes the connection; what comes before that is skipped."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(65536):
                    pass
        await self.close()
        return True

    def place(self, contract: Record = AAPL, order_id: int | None = None, **terms: Value) -> int:
        """Send a placeOrder with transmit set; returns its id."""
        return self.place_terms(terms, contract, order_id)

    def place_terms(self, terms: Mapping[str, Value], contract: Record = AAPL, order_id: int | None = None) -> int:
        """Send a placeOrder whose terms stand in a mapping; returns its id."""
        if order_id is None:
            order_id, self.next_order_id = self.next_order_id, self.next_order_id + 1
        defaults = Record(contract, action="BUY", totalQuantity=Decimal(100), orderType="MKT", tif="DAY", transmit=True)
        self.write(PLACE_ORDER.encode({**defaults, **terms, "orderId": order_id}))
        return order_id

    async def order_messages(self, order_id: int, last: Callable[[Message, Record], bool]) -> list[str]:
        """Read until a message of the order ends the wait; returns all of its messages in short words."""
        words: list[str] = []
        executions: set[str] = set()
        while True:
            message, record = await self.read()
            if message.name == "commissionReport" and record.text("execId") in executions:
                words.append("commission")
            elif message.name == "error" and record.integer("reqId") == order_id:
                words.append(f"error {record.integer('code')}")
            elif message.name in {"openOrder", "orderStatus"} and record.integer("orderId") == order_id:
                words.append(f"{message.name[:4]} {record.text('status')}")
            elif message.name == "execDetails" and record.integer("orderId") == order_id:
                executions.add(record.text("execId"))
                words.append(f"exec {record.number('shares')}")
            else:
                continue
            if last(message, record):
                return words

    async def until(self, order_id: int, *endings: str) -> list[str]:
        """Read an order's messages until a status, an error code or a commission ends the wait."""

        def last(message: Message, record: Record) -> bool:
            if message.name == "orderStatus":
                return record.text("status") in endings
            if message.name == "error":
                return str(record.integer("code")) in endings
            return message.name == "commissionReport" and "commission" in endings

        return await self.order_messages(order_id, last)

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def details(client: RawClient, contract: Record) -> list[Record]:
    """Return the contract details of a contract, none if the gateway knows none."""
    client.ask(CONTRACT_DATA, **{**contract, "reqId": 900})
    found: list[Record] = []
    while True:
        message, record = await client.read()
        if record.integer("reqId") != 900:
            continue
        if message.name != "contractDetails":
            return found
        found.append(record)


def raw_frame(*fields: str) -> bytes:
    """Return a frame of any fields."""
    return frame("".join(f"{field}\0" for field in fields))
