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


class RefusedError(DeskError):
    """Core, or a check of the script's own, refused an order or a command: nothing was sent."""

    title = "Refused"

    def __init__(self, text: str, code: str = "", limit: str = "") -> None:
        """`code` is the `DenialCode`, `limit` the name of the limit that was met; empty if it was none."""
        super().__init__(text)
        self.code = code
        self.limit = limit


class RiskCheckError(RefusedError):
    """A control of core's, or a check of the script's own, let an order not pass; the text names it."""

    title = "Risk check"


class OrderValueError(RefusedError, ValueError):
    """What was asked for makes no order: a quantity, price, type or instruction that can't be, or an unknown symbol."""

    title = "Order"


class UnknownOrderError(RefusedError, LookupError):
    """Core knows no order of that reference or number."""

    title = "Order"


class OrderEndedError(DeskError):
    """An order has ended in another state than the one that was waited for."""

    title = "Order ended"

    def __init__(self, text: str, order_ref: str, code: int | None = None) -> None:
        """`code` is IBKR's behind it; None if there is none."""
        super().__init__(text)
        self.order_ref = order_ref
        self.code = code


class OrderRejectedError(OrderEndedError):
    """IBKR refused an order; the text is what it said."""

    title = "Order rejected"


class WaitTimeoutError(DeskError, TimeoutError):
    """What was waited for has not happened in time; the order goes on as it is."""

    title = "Not yet"


class JournalError(DeskError):
    """The journal could not be opened, written or read; no order may leave while it lasts."""

    title = "Journal"


class JournalRefusedError(JournalError):
    """It is not for this ibdesk, or not now: another program writes it, a newer version made it, it is no journal."""


class JournalDamagedError(JournalError):
    """What was read is not what was written; the text names the first row that is missing, changed or unreadable."""


class JournalBusyError(JournalError):
    """Another program locks the journal, or the disk took too long: not written in time, nothing may be sent for it."""


class RecordsError(DeskError):
    """A file of bars, ticks or events is missing, damaged, of another day, or can't be written; the text names it."""

    title = "Records"


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
