"""What can go wrong between the tap and a shop.

    CommerceError
    ├── Transient(retry_after)
    │   ├── Throttled      429, GraphQL THROTTLED: wait and ask again
    │   └── Unavailable    no answer, 5xx, half an answer: wait and ask again
    └── Terminal
        ├── Denied         401 (Unauthorized), 403, a missing scope: the operator grants or replaces the credentials
        ├── Misconfigured  a setting, the catalog or the state is wrong: the operator corrects it
        └── Malformed      not what the platform documents: somebody must look

The branch decides whether a question is repeated, the leaf says who acts. The unknown is Terminal.
"""


class CommerceError(Exception):
    """The root of everything that the tap raises on purpose."""


class Transient(CommerceError):
    """Asking again later may help; `retry_after` are the seconds that the platform asked for, if it did."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Throttled(Transient):
    """The platform asks for patience."""


class Unavailable(Transient):
    """There was no answer, half an answer, or an answer that says that the platform is in trouble."""


class Unreachable(Unavailable):
    """Nobody listens there, or the name is unknown: wrong settings until something has once answered."""


class Terminal(CommerceError):
    """Asking again will not help."""


class Denied(Terminal):
    """The credentials or their scopes do not suffice; the message names the setting or the scope."""


class Unauthorized(Denied):
    """401: the token is wrong, or no longer valid."""


class Misconfigured(Terminal):
    """A setting, the catalog or the state is wrong; the message names it and what would be right."""


class Missing(Misconfigured):
    """404: nothing there; a wrong address, unless whoever asked knows better."""


class Malformed(Terminal):
    """The platform answered what it does not document; `body` is what it said, if anything."""

    def __init__(self, message: str, *, body: bytes = b"") -> None:
        super().__init__(message)
        self.body = body


class ReaderGone(Terminal):
    """Nobody reads our output any more."""


class Stopped(BaseException):
    """A signal asked for the end; what is whole is written, the exit code says that more was to come."""
