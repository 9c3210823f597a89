"""What can go wrong between a record and Segment; the branch decides retrying, the leaf says who acts.

SegmentError
├── Transient               worth another try
│   └── Unavailable         no answer, 408, 410, 429, 460, 5xx (not 501, 505)
└── Terminal                stop, or set aside
    ├── Denied              401, 403: fix the write key
    ├── Refused             400, 413 on a batch: halve it until the offending event stands alone
    ├── Misconfigured       a setting is missing or wrong
    ├── Malformed           a record that is not what its schema says
    ├── Garbled             a line that is not a Singer message
    ├── LedgerError         locked, newer, damaged
    ├── ReaderGone          nobody takes the STATE lines
    ├── Unsendable          an event that Segment would swallow: set aside, with the reason
    └── TemplateError       compile or render: fix the override
"""


class SegmentError(Exception):
    """The root: everything that this target raises on purpose."""

    waited = 0.0
    """For how many seconds a delivery had waited before it."""


class Transient(SegmentError):
    """Worth another try, after `retry_after` seconds if Segment said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(Transient):
    """Segment gave no answer, throttled us or is ill."""


class Terminal(SegmentError):
    """Trying again will not help."""


class Denied(Terminal):
    """Segment does not know us: the user must fix `write_key`, `region` or `endpoint`."""


class Refused(Terminal):
    """Segment refused a whole batch (400, 413): one of its events is the cause."""


class Misconfigured(Terminal):
    """A setting is missing or wrong; the message names it and what would be right."""


class Malformed(Terminal):
    """A record breaks its schema or the contract: it becomes a row in `refused`, the rest goes on."""


class Garbled(Terminal):
    """A line of input is not a Singer message."""


class LedgerError(Terminal):
    """The ledger cannot be used as it is; the message says what to do."""


class Unsendable(Terminal):
    """Segment would answer 200 to this event and drop it: it becomes `rejected`, with this reason."""


class ReaderGone(Terminal):
    """Nobody takes the STATE lines: what was told is told, the bookmark stays where it was."""


class TemplateError(Terminal):
    """A template does not compile, or fails on a record: the user must fix the override."""
