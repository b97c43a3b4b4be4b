"""Boxes in which a typed word has core do something."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.content import Content
from textual.widgets import Static

from core.domain.commands import Command
from core.errors import LinkError
from tui.messages import DeskMessage
from tui.panes.listener import host_of
from tui.screens.frame import FramedScreen
from tui.widgets.columns import clean


class WordScreen(FramedScreen):
    """Base of those that leave once core has done what the word stands for."""

    DEFAULT_CSS = """
    WordScreen {
        & Input { margin-bottom: 1; }
    }
    """

    async def judge(self, command: Command) -> None:
        """Have core judge a command: leave if it is done, else say why it is not."""
        try:
            ack = await host_of(self).desk.send(command)
        except LinkError as error:
            self.say(str(error))
            return
        if ack.ok:
            await self.action_dismiss()
        elif ack.denied is not None:
            self.say(ack.denied.message)

    def say(self, answer: str) -> None:
        """Show core's answer in the place of the text."""
        self.tell(answer)


class FollowingScreen(WordScreen):
    """Base of those whose text follows what the desk hears; an answer takes the place of the hint."""

    HEARS: ClassVar[tuple[type[DeskMessage], ...]] = ()
    """The messages that change the text."""

    def __init__(self, title: str, text: str) -> None:
        """As for every box; `text` stands until `show` puts another in its place."""
        super().__init__(title, text)
        self.answer = ""
        """What is said in the place of the ways out; empty for those."""

    def on_mount(self) -> None:
        """Begin to follow."""
        host_of(self).listen(self, *self.HEARS)
        self.call_later(self.show)

    def on_unmount(self) -> None:
        """Stop following."""
        host_of(self).forget(self)

    @on(DeskMessage)
    async def _heard(self) -> None:
        await self.show()

    async def show(self) -> None:
        """Write the text as things stand."""
        raise NotImplementedError

    def say(self, answer: str) -> None:
        """Show an answer in the place of the hint; an empty one brings the hint back."""
        self.answer = answer
        self.query_one("#hint", Static).update(Content(clean(self.hint())))
