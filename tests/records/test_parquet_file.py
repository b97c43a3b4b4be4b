"""A Parquet file is there whole or as it was, whatever the disk says."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import polars as pl

from core.records.parquet_file import read_parquet, write_parquet
from tests.architecture.sources import ROOT

FULL = """
import os, resource, signal, sys
from pathlib import Path
import polars as pl
from core.errors import RecordsError
from core.records.parquet_file import write_parquet

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
write_parquet(pl.DataFrame({"a": [1]}), path, {})
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write_parquet(pl.DataFrame({"a": [os.urandom(8).hex() for _ in range(50_000)]}), path, {})
except RecordsError as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_is_named_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    command = [sys.executable, "-c", FULL, str(path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50)

    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{path} can't be written: File too large")
    assert [entry.name for entry in tmp_path.iterdir()] == ["some.parquet"]
    assert path.stat().st_size < 10_000


def test_who_reads_while_it_is_replaced_gets_one_whole_file(tmp_path: Path) -> None:
    path, done = tmp_path / "some.parquet", threading.Event()
    short, long = pl.DataFrame({"a": [1]}), pl.DataFrame({"a": list(range(5000))})
    write_parquet(short, path, {})

    def replace() -> None:
        while not done.is_set():
            for frame in (long, short):
                write_parquet(frame, path, {})

    writer = threading.Thread(target=replace, daemon=True)
    writer.start()
    try:
        assert {read_parquet(path, "It", "").height for _ in range(100)} <= {1, 5000}
    finally:
        done.set()
        writer.join()
