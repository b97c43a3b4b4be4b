"""What README shows of an intent is one."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta
from pathlib import Path

from core.orderplane.contracts import read_intent
from tests.architecture.sources import ROOT

UUID_OF_CHANCE = 4


def test_the_intent_that_is_shown_is_read_and_has_an_identity_of_its_own(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^cat > intent\.json <<END\n.*?^END$", readme, re.MULTILINE | re.DOTALL)
    subprocess.run(["sh", "-ec", shown], cwd=tmp_path, timeout=30, check=True)

    intent = read_intent((tmp_path / "intent.json").read_bytes())

    assert intent.intent_id.version == UUID_OF_CHANCE
    assert intent.timestamp.utcoffset() == timedelta(0)
