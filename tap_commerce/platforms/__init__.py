"""The platforms a shop can run on: the protocol each speaks, and the registry.

Nothing above this package knows a platform by name; nothing in it knows Singer.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

from tap_commerce.errors import Misconfigured
from tap_commerce.http import Wire
from tap_commerce.records import Polled

Settings = Mapping[str, Any]
"""What the operator set, defaults filled in."""

Selection = Mapping[str, frozenset[str]]
"""The selected streams, each with its selected fields: what is not in here need not be asked for."""

Cursors = Mapping[str, int]
"""Numbers that only grow, such as ids, by name: how far a list is read that has no instants of change."""

NOWHERE: Cursors = MappingProxyType({})
"""No cursors: nothing was read by number yet."""


class Window(NamedTuple):
    """A half-open stretch of time: from `start`, up to but not including `end`."""

    start: datetime
    end: datetime
    cursors: Cursors = NOWHERE
    """How far the pass has come in lists that are read by number; none, if it begins anew."""


class Page(NamedTuple):
    """What one answer brought, with all that belongs to it, in the order in which it is to be written."""

    records: list[tuple[str, Polled]]
    """Records with the names of their streams."""
    extracted_at: datetime
    """The shop's time of the answer."""
    oldest: datetime | None
    """An instant before which no row of the window is still to come: at most the earliest by which a row of this page is
    polled, also of rows that bring no record; `None` if nothing is known."""
    cursors: Cursors = NOWHERE
    """Where the platform has come by number with this page: kept beside the watermark, once its records are written."""


class Estimate(NamedTuple):
    """What reading one pass over a window will cost, as far as the platform says."""

    rows: int | None
    """How many rows changed within the window; None: the platform does not count them."""
    calls_per_thousand: float
    """Questions for each 1,000 of those rows, measured over the sandbox with everything selected."""
    of: str
    """What the rows are."""


@runtime_checkable
class Estimates(Protocol):
    """A platform that can say beforehand what a reading will cost. A platform need not."""

    def estimate(self, streams: tuple[str, ...], window: Window) -> Estimate:
        """Count what `read` would read, with one question at most."""


class Platform(Protocol):
    """One shop on one platform: it asks (HTTP, paging, pacing) and translates.

    Made from the settings, which it checks at once and without asking anything.
    """

    name: str
    """The platform's name, as in every record."""
    shop: str
    """The shop's name, as in every record."""
    lag: timedelta
    """How far behind the shop's clock its lists are complete."""
    passes: tuple[tuple[str, ...], ...]
    """The streams, grouped by what one reading feeds."""

    def open(self, selection: Selection) -> None:
        """Check credentials and rights for what is selected, and learn the shop's clock."""

    def now(self) -> datetime:
        """Tell the shop's time."""

    def permit(self, streams: tuple[str, ...], start: datetime) -> None:
        """Refuse a reading of these streams that begins too early for the rights at hand."""

    def read(self, streams: tuple[str, ...], window: Window) -> Iterator[Page]:
        """Read what changed within the window for these streams of one pass, in the order in which it changed.

        Rows come in the order of the platform's own index, whose instants are never newer than the rows', but may be older:
        then what a row shows says nothing of the rows to come.
        """


PLATFORMS = {
    "elasticpath": "tap_commerce.platforms.elasticpath.asking:ElasticPath",
    "prestashop": "tap_commerce.platforms.prestashop.asking:PrestaShop",
    "shopify": "tap_commerce.platforms.shopify.asking:Shopify",
}
"""Where each platform is made; loaded only when it is asked for."""


def platform(settings: Settings, wire: Callable[[], Wire]) -> Platform:
    """Make the platform that the settings name."""
    where = PLATFORMS.get(settings["platform"])
    if where is None:
        raise Misconfigured(f"platform: must be one of {', '.join(sorted(PLATFORMS))}")
    module, _, name = where.partition(":")
    made: Platform = getattr(import_module(module), name)(settings, wire())
    return made
