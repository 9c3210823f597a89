"""Fetching the next page while this one is written: one at a time, on a thread of its own.

What goes wrong there is raised where the page is wanted; a signal is heard even while nobody answers.
"""

from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeAlias, TypeVar

from tap_commerce.errors import Stopped

T = TypeVar("T")

Box: TypeAlias = Queue[T | BaseException | None]
"""What was fetched and not taken yet: a page, what went wrong, or `None` for the end."""

PATIENCE = 0.2
"""Seconds between two looks at whether there is still somebody to fetch for, or a signal."""


def ahead(pages: Iterator[T], stopped: Callable[[], bool] = lambda: False) -> Iterator[T]:
    """Yield pages while the next one is being fetched, one at a time."""
    box: Box[T] = Queue(maxsize=1)
    gone = Event()
    Thread(target=_fetch, args=(pages, box, gone), name="next page", daemon=True).start()
    try:
        while (found := _take(box, stopped)) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        gone.set()


def _take(box: Box[T], stopped: Callable[[], bool]) -> T | BaseException | None:
    while True:
        try:
            return box.get(timeout=PATIENCE)
        except Empty:
            if stopped():
                raise Stopped from None


def _fetch(pages: Iterator[T], box: Box[T], gone: Event) -> None:
    try:
        for page in pages:
            if not _put(page, box, gone):
                return
        _put(None, box, gone)
    except BaseException as error:  # noqa: BLE001 - it is raised where the pages are wanted
        _put(error, box, gone)


def _put(what: T | BaseException | None, box: Box[T], gone: Event) -> bool:
    """Wait until there is room; say whether somebody still wants it."""
    while not gone.is_set():
        try:
            box.put(what, timeout=PATIENCE)
        except Full:
            continue
        return True
    return False
