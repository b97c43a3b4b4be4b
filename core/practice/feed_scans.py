"""Scans of the market to those who subscribed to them: now, and again when what they find has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from core.practice import tables_out as out
from core.practice import wire
from core.practice.market import Market, Quote
from core.practice.readers import Readers
from core.practice.scanner import Scan
from core.practice.tables import Record

if TYPE_CHECKING:
    from core.practice.session import Session

#: Seconds between two runs of a scan.
EVERY: Final = 30
#: Scans are of no one instrument.
_ALL: Final = 0


@dataclass(slots=True)
class ScanReader:
    """One reqScannerSubscription."""

    scan: Scan
    due: int
    #: Contract ids of the rows that the client has, None before the first answer.
    shown: list[int] | None = field(default=None)


class ScanFeed:
    """Who subscribed to which scan."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.readers: Readers[ScanReader] = Readers()

    def open(self, session: Session, request_id: int, scan: Scan, epoch: int) -> None:
        """Send what the scan finds now, then what it finds when that has changed."""
        reader = ScanReader(scan, epoch + EVERY)
        self.readers.add(session, request_id, _ALL, reader)
        self._send(session, request_id, reader)

    def publish(self, epoch: int) -> None:
        """Run the scans that are due."""
        for (session, request_id), reader in self.readers.of(_ALL).items():
            if epoch >= reader.due:
                reader.due = epoch + EVERY
                self._send(session, request_id, reader)

    def _send(self, session: Session, request_id: int, reader: ScanReader) -> None:
        found = reader.scan.run(self._market)
        con_ids = [quote.instrument.con_id for quote in found]
        if con_ids == reader.shown:
            return
        reader.shown = con_ids
        if not found:
            session.send(wire.error(request_id, 165, "Historical Market Data Service query message:no items retrieved"))
        rows = [_row(rank, quote) for rank, quote in enumerate(found)]
        session.send(out.SCANNER_DATA.encode({"reqId": request_id, "rows": rows}))


def _row(rank: int, quote: Quote) -> Record:
    instrument = quote.instrument
    return Record(instrument.contract(instrument.exchanges[0]), rank=rank, marketName=instrument.trading_class)
