"""One tree of errors; each has a title and a text that a person can act on."""

from __future__ import annotations

from pathlib import Path


class DeskError(Exception):
    """Base of every error that ibdesk raises on purpose.

    `str(error)` is the whole text for a person: the fact, the thing it concerns, what to do next.
    """

    title = "ibdesk"
    """A short heading for the screen that shows the error."""


class ConfigError(DeskError):
    """A setting is missing, misspelt or contradicts another; the text names the file and the key."""

    title = "Settings"


class LiveGuardError(DeskError):
    """The live guard refused a connection; nothing was sent."""

    title = "Live guard"


class ConnectError(DeskError):
    """The broker could not be reached or did not finish the handshake within the timeout."""

    title = "Connection"


class NotConnectedError(DeskError, ConnectionError):
    """A request needs the broker and there is no verified connection; nothing was sent or queued."""

    title = "Not connected"


class SendUnknownError(DeskError, ConnectionError):
    """The connection broke while a frame was leaving: whether the broker has it is not known."""

    title = "Outcome unknown"


class BrokerError(DeskError):
    """The broker answered a query with an error code."""

    title = "Broker"

    def __init__(self, code: int, text: str) -> None:
        """`code` is IBKR's number, `text` its cleaned words."""
        super().__init__(f"{text} [{code}]")
        self.code = code


class StreamLimitError(DeskError):
    """As many streams of this kind are open as the broker gives; nothing was asked for."""

    title = "Market data"


class RequestTimeoutError(DeskError, TimeoutError):
    """The broker did not answer a query within its deadline: the answer is unknown, not empty."""

    title = "No answer"


class OrderUnknownError(DeskError, TimeoutError):
    """Nobody has answered an order in time: it may be working. It must not be sent again."""

    title = "Outcome unknown"


class JournalError(DeskError):
    """The journal could not be opened, written or read; no order may leave while it lasts."""

    title = "Journal"


class JournalRefusedError(JournalError):
    """It is not for this ibdesk, or not now: another program writes it, a newer version made it, it is no journal."""


class JournalDamagedError(JournalError):
    """What was read is not what was written; the text names the first row that is missing, changed or unreadable."""


class JournalBusyError(JournalError):
    """Another program locks the journal, or the disk took too long: not written in time, nothing may be sent for it."""


class LinkError(DeskError):
    """The socket between the desk and core failed or spoke another version."""

    title = "Link"


class OtherBuildError(LinkError):
    """Core runs another build than this client: it must be restarted before they can work together."""

    title = "Another build"

    def __init__(self, text: str, *, socket: Path, working: int, in_flight: int) -> None:
        """`socket` is where that core listens; the numbers are its orders that have not ended."""
        super().__init__(text)
        self.socket = socket
        self.working = working
        self.in_flight = in_flight
        """Orders that hang on an answer, or whose outcome is not known."""


class CoreStartError(DeskError):
    """Core did not start; the text is what core itself said."""

    title = "Core did not start"


class LockHeldError(CoreStartError):
    """Another core holds the profile with a different endpoint; the text names both."""

    title = "Profile in use"
