"""Asking a corner shop: one feed, ordered by when a row last changed, page after page.

The feed is half-open like a window, and rows of one instant come in the order of their ids: `after` is where the last page ended.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from docs.examples.cornershop.platform import translating
from tap_commerce.errors import Malformed, Misconfigured
from tap_commerce.http import Wire, base_url
from tap_commerce.platforms import Page, Selection, Settings, Window
from tap_commerce.records import Polled

ROWS = 100
"""The feed gives no more at once."""


class CornerShop:
    """One corner shop."""

    name = "cornershop"
    lag = timedelta(seconds=2)
    passes = (("customers",), ("orders", "refunds", "fulfillments"))

    def __init__(self, settings: Settings, wire: Wire) -> None:
        self._url = base_url(settings["api_url"])
        self.shop = settings.get("shop") or urlsplit(self._url).hostname or self._url
        if not settings.get("access_token"):
            raise Misconfigured("access_token: must be set, to the key of the corner shop's feed")
        self._headers = {"Authorization": f"Bearer {settings['access_token']}"}
        self._rows = min(settings["page_size"], ROWS)
        self._wire = wire

    def open(self, selection: Selection) -> None:
        """Ask for nothing: wrong credentials are refused now, and the answer's Date is the shop's clock."""
        for kind in sorted({"customers" if name == "customers" else "orders" for name in selection}):
            self._ask({"kind": kind, "limit": 0}, translating.People)

    def now(self) -> datetime:
        """Tell the shop's time."""
        return self._wire.now()

    def permit(self, streams: tuple[str, ...], start: datetime) -> None:
        """Refuse nothing: whoever has the key may read all of the feed."""

    def read(self, streams: tuple[str, ...], window: Window) -> Iterator[Page]:
        """Read what changed within the window."""
        after = None
        while True:
            asked = {"from": _written(window.start), "to": _written(window.end), "limit": self._rows}
            if after:
                asked["after"] = after
            answer: translating.People | translating.Sales
            records: list[tuple[str, Polled]]
            if streams == ("customers",):
                answer = self._ask({"kind": "customers", **asked}, translating.People)
                records = [("customers", translating.customer(each, self.shop)) for each in answer.rows]
            else:
                answer = self._ask({"kind": "orders", **asked}, translating.Sales)
                records = [
                    (stream, record)
                    for each in answer.rows
                    for stream, record in translating.order(each, self.shop)
                    if stream in streams
                ]
            if answer.rows:
                yield Page(records, self.now(), _instant(answer.rows[0].changed))
            after = answer.next
            if after is None:
                return

    def _ask(self, asked: dict[str, Any], kind: Any) -> Any:
        def attempt() -> Any:
            url = f"{self._url}/feed?{urlencode(asked)}"
            answer = self._wire.ask("GET", url, headers=self._headers, hint="access_token")
            try:
                return msgspec.json.decode(answer.body, type=kind)
            except msgspec.MsgspecError as error:
                raise Malformed(f"the feed of {asked['kind']}: {error}") from error

        once: Callable[[], Any] = attempt
        return self._wire.persist(once)


def _instant(said: str) -> datetime:
    return datetime.fromisoformat(said)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
