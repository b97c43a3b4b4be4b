"""Facts: numbered by the journal, in order, to everyone, and again for whoever comes back."""

from __future__ import annotations

from typing import cast

import pytest

from core.domain.entries import CancelAsked, FactRecorded
from core.domain.events import Envelope, Health, Incident, OrderChanged, Severity
from core.execution import publisher
from core.execution.publisher import Publisher
from tests.execution.fakes import FakeJournal
from tests.execution.reports import NOON
from tests.journal.values import intent


class Sink:
    """Keeps what it gets, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.got: list[Envelope] = []
        self.fails = fails

    def publish(self, *envelopes: Envelope) -> None:
        self.got.extend(envelopes)
        if self.fails:
            raise RuntimeError("full")


def fact(text: str) -> Incident:
    """A fact."""
    return Incident(severity=Severity.INFO, text=text, time=NOON)


def texts(envelopes: list[Envelope]) -> list[str]:
    """The facts' texts."""
    return [cast("Incident", envelope.event).text for envelope in envelopes]


def test_numbers_are_those_of_the_rows() -> None:
    journal, sink = FakeJournal([]), Sink()
    journal.head = 41
    told = Publisher(journal, "S")
    told.add_sink(sink)
    assert told.number == 41

    told.facts([fact("a"), fact("b")], heard=[CancelAsked(order_ref="x")])
    told.facts([fact("c")])
    told.facts([])
    told.facts([], heard=[CancelAsked(order_ref="y")])

    assert [(envelope.session, envelope.number) for envelope in sink.got] == [("S", 43), ("S", 44), ("S", 45)]
    assert journal.rows[2] == FactRecorded(fact=fact("b"))
    assert (journal.head, told.number) == (46, 45)


def test_state_has_no_number() -> None:
    sink = Sink()
    told = Publisher(FakeJournal([]), "S")
    told.add_sink(sink)

    told.state(Health())

    assert sink.got == [Envelope(session="S", number=None, event=Health())]


def test_whoever_comes_back_gets_what_was_missed() -> None:
    journal = FakeJournal([])
    journal.head = 10
    told = Publisher(journal, "S")
    told.facts([fact("a"), fact("b"), fact("c")])

    assert texts(list(told.after(10) or ())) == ["a", "b", "c"]
    assert texts(list(told.after(12) or ())) == ["c"]
    assert told.after(13) == []
    assert told.after(9) is None, "an earlier run's"
    assert told.after(14) is None, "not yet said"


def test_what_is_no_longer_at_hand_needs_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "FACTS_AT_HAND", 3)
    told = Publisher(FakeJournal([]), "S")
    for text in "abcde":
        told.facts([fact(text)])

    assert told.after(2) is None
    assert texts(list(told.after(3) or ())) == ["d", "e"]


def test_a_sink_that_fails_gets_the_next_events_and_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    broken, whole = Sink(fails=True), Sink()
    told = Publisher(FakeJournal([]), "S")
    told.add_sink(broken)
    told.add_sink(whole)

    told.facts([fact("a")])
    told.facts([fact("b")])
    told.remove_sink(broken)
    told.remove_sink(whole)
    told.facts([fact("c")])

    assert (texts(broken.got), texts(whole.got)) == (["a", "b"], ["a", "b"])
    assert caplog.text.count("an event sink failed") == 2


def test_a_journal_that_is_gone_does_not_silence_the_desks() -> None:
    journal, sink = FakeJournal([]), Sink()
    told = Publisher(journal, "S")
    told.add_sink(sink)
    journal.fail("the disk is full")

    told.facts([fact("a")])
    told.facts([fact("b")])

    assert [envelope.number for envelope in sink.got] == [1, 2]


async def test_older_facts_come_from_the_journal_with_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "FACTS_AT_HAND", 3)
    monkeypatch.setattr(publisher, "_ROWS_AT_ONCE", 4)
    journal, sink = FakeJournal([]), Sink()
    told = Publisher(journal, "S")
    told.add_sink(sink)
    told.facts([fact("a")])
    journal.append([CancelAsked(order_ref="x")])
    intended = intent(1)
    journal.append([intended])
    told.journalled(journal.head, OrderChanged(order=intended.order))
    told.facts([fact(text) for text in "bcdefg"])

    got: list[Envelope] = []
    number = 0
    while (rest := told.after(number)) is None:
        page = await told.recorded(number)
        assert page is not None
        got += page.facts
        number = page.last

    assert [*got, *rest] == sink.got


async def test_numbers_of_another_session_or_ahead_have_no_facts_behind_them() -> None:
    journal = FakeJournal([])
    journal.append([CancelAsked(order_ref="x"), CancelAsked(order_ref="y")])
    told = Publisher(journal, "S")
    told.facts([fact("a")])

    assert await told.recorded(1) is None
    assert await told.recorded(4) is None
    assert await told.recorded(2) is not None


async def test_facts_that_were_never_written_are_not_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "FACTS_AT_HAND", 2)
    journal = FakeJournal([])
    told = Publisher(journal, "S")
    journal.fail("the disk is full")
    told.facts([fact(text) for text in "abcd"])

    assert told.after(0) is None
    assert await told.recorded(0) is None
