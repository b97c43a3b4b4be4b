"""The gateway's memory: one SQLite file in a state folder that one gateway holds, or nothing at all.

Changes collect during one turn of the loop and are committed together before any answer leaves.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Final

FILE: Final = "gateway.sqlite3"
LOCK: Final = "gateway.lock"
ENDPOINT: Final = "endpoint.json"

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
  perm_id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL, order_id INTEGER NOT NULL, day TEXT NOT NULL,
  live INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS executions (number INTEGER PRIMARY KEY, day TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS positions (
  account TEXT NOT NULL, con_id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (account, con_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cash (
  account TEXT NOT NULL, currency TEXT NOT NULL, amount TEXT NOT NULL, PRIMARY KEY (account, currency)) WITHOUT ROWID;
"""
#: What a file lacks that was made when a gateway knew one account, which only meta names.
_ONE_ACCOUNT: Final = """
BEGIN IMMEDIATE;
ALTER TABLE positions RENAME TO bare_positions;
ALTER TABLE cash RENAME TO bare_cash;
"""
_TO_ACCOUNTS: Final = """
INSERT INTO positions SELECT value, con_id, body FROM bare_positions, meta WHERE key = 'account';
INSERT INTO cash SELECT value, currency, amount FROM bare_cash, meta WHERE key = 'account';
DROP TABLE bare_positions;
DROP TABLE bare_cash;
COMMIT;
"""

_STATEMENTS: Final = {
    "meta": "INSERT OR REPLACE INTO meta VALUES (?, ?)",
    "orders": "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)",
    "executions": "INSERT OR REPLACE INTO executions VALUES (?, ?, ?)",
    "positions": "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
    "cash": "INSERT OR REPLACE INTO cash VALUES (?, ?, ?)",
}
#: How many values, from the first, are a row's key, where it is not the first alone.
_KEYS: Final = {"positions": 2, "cash": 2}

Row = tuple[str | int, ...]


class StateError(Exception):
    """The state folder can't be used; the text says why and what to do."""


def _make(folder: Path) -> None:
    """Make a folder and what is missing above it, mode 0700 under any umask."""
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


class Store:
    """Rows by table and key. Without a folder it keeps nothing and every commit is free."""

    def __init__(self, folder: Path | None) -> None:
        """Open the folder. Raises StateError if another gateway holds it or the file is not one of ours."""
        self.folder = folder
        self._pending: dict[tuple[str, Row], Row] = {}
        self._lock: int | None = None
        self._base: sqlite3.Connection | None = None
        if folder is None:
            return
        try:
            _make(folder)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"state folder {folder} can't be used: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise StateError(f"state folder {folder} is used by another practice gateway") from None
        try:
            self._base = self._open(folder / FILE)
        except (sqlite3.Error, OSError) as error:
            os.close(self._lock)
            raise StateError(f"state file {folder / FILE} can't be read: {error}") from error

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        base = sqlite3.connect(path, isolation_level=None)
        base.execute("PRAGMA journal_mode = WAL")
        # A power cut may lose the last turn, a killed process loses nothing.
        base.execute("PRAGMA synchronous = NORMAL")
        columns = [column[1] for column in base.execute("PRAGMA table_info(positions)")]
        bare = bool(columns) and "account" not in columns
        base.executescript(_ONE_ACCOUNT + _SCHEMA + _TO_ACCOUNTS if bare else _SCHEMA)
        return base

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return self._base is not None

    def put(self, table: str, *row: str | int) -> None:
        """Remember a row until the next commit; its key comes first, a later row of that key replaces it."""
        if self._base is not None:
            self._pending[table, row[: _KEYS.get(table, 1)]] = row

    def commit(self) -> None:
        """Write what was put. Raises sqlite3.Error if the disk refuses."""
        base = self._base
        if base is None or not self._pending:
            return
        base.execute("BEGIN IMMEDIATE")
        try:
            for (table, _), row in self._pending.items():
                base.execute(_STATEMENTS[table], row)
            base.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                base.execute("ROLLBACK")
            raise
        self._pending.clear()

    def meta(self, key: str) -> str | None:
        """Return one fact about the gateway, None if it was never kept."""
        if self._base is None:
            return None
        row = self._base.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def next_ids(self) -> dict[int, int]:
        """Return the next order id of every client that ever placed an order."""
        if self._base is None:
            return {}
        rows = self._base.execute("SELECT client_id, max(order_id) + 1 FROM orders GROUP BY client_id")
        return {int(client): int(following) for client, following in rows}

    def orders(self) -> list[tuple[int, int, int, str]]:
        """Return the live orders and those of the last day: permId, client id, order id, body; oldest first."""
        if self._base is None:
            return []
        rows = self._base.execute(
            "SELECT perm_id, client_id, order_id, body FROM orders WHERE live OR day = ? ORDER BY perm_id",
            (self.meta("day") or "",),
        )
        return [(int(perm), int(client), int(order), str(body)) for perm, client, order, body in rows]

    def executions(self, day: str) -> list[str]:
        """Return the executions of a day, oldest first."""
        if self._base is None:
            return []
        rows = self._base.execute("SELECT body FROM executions WHERE day = ? ORDER BY number", (day,))
        return [str(body) for (body,) in rows]

    def positions(self) -> list[tuple[str, int, str]]:
        """Return every position ever held: account, contract id, body."""
        if self._base is None:
            return []
        rows = self._base.execute("SELECT account, con_id, body FROM positions")
        return [(str(account), int(con_id), str(body)) for account, con_id, body in rows]

    def cash(self) -> list[tuple[str, str, str]]:
        """Return the balances: account, currency, amount."""
        if self._base is None:
            return []
        rows = self._base.execute("SELECT account, currency, amount FROM cash")
        return [(str(account), str(currency), str(amount)) for account, currency, amount in rows]

    def publish_endpoint(self, port: int, account: str, started: str, lines: int) -> None:
        """Write down atomically where this gateway listens, for whoever looks for a running one."""
        if self.folder is None:
            return
        text = json.dumps({"pid": os.getpid(), "port": port, "account": account, "started": started, "lines": lines})
        draft = self.folder / f"{ENDPOINT}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(self.folder / ENDPOINT)

    def close(self) -> None:
        """Remove the endpoint and let go of the folder; what was not committed is lost. Closing twice is harmless."""
        base, self._base = self._base, None
        if base is not None:
            base.close()
        if self.folder is not None and self._lock is not None:
            (self.folder / ENDPOINT).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None
