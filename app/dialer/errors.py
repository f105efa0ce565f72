"""What can go wrong between us and the dialer, told apart by what the caller may do next."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import AcmError


@dataclass(frozen=True)
class ApiError:
    """One apiError of Cisco's error body."""

    type: str
    message: str
    data: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.data}: {self.message}" if self.data else self.message


class DialerError(AcmError):
    """Any failure of the dialer's interface. `status` is the HTTP status, or None without an answer."""

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class DialerRefused(DialerError):
    """The dialer understood and said no (4xx): nothing was changed. `errors` are Cisco's own words."""

    def __init__(
        self, message: str, hint: str = "", *, status: int | None = None, errors: tuple[ApiError, ...] = ()
    ) -> None:
        super().__init__(message, hint, status=status)
        self.errors = errors


class DialerNotFound(DialerRefused):
    """The dialer has no such item, or the campaign was not made through its API."""


class DialerBusy(DialerError):
    """The dialer's queue is full (503): nothing was changed; try again later."""


class DialerUnavailable(DialerError):
    """The dialer cannot be reached, or fails to answer a question: nothing was changed."""


class DialerUnknown(DialerError):
    """A change was sent and no clear answer came: it may have happened or not. Ask the dialer before sending again."""


class RecordInvalid(AcmError):
    """A record that the dialer would refuse. `index` is its place in the block from 0, `field` the column."""

    def __init__(self, message: str, index: int, field: str) -> None:
        super().__init__(message)
        self.index = index
        self.field = field
