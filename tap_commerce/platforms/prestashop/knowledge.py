"""What is known of a shop beside its rows: its zone, its states, its currencies, its own lists.

Each list is read once, when it is first wanted; one that may not be read is warned of, and what follows from it is left out.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from tap_commerce.errors import Misconfigured
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.answers import NotGranted
from tap_commerce.platforms.prestashop.clocks import Clocks
from tap_commerce.platforms.prestashop.meanings import CONFIGURED, EXPECTED, Meanings, Override
from tap_commerce.platforms.prestashop.translating import Known
from tap_commerce.platforms.prestashop.webservice import ALL, Webservice

R = TypeVar("R", bound=raw.Raw)

NOBODY = "PSGDPR_ANONYMOUS_CUSTOMER"
"""Names the customer that PrestaShop's privacy module makes up, to be whose what erased people leave behind.

https://github.com/PrestaShop/psgdpr/blob/dev/psgdpr.php
"""

NOBODYS = frozenset({"anonymous@psgdpr.com", "anonymous@anonymous.com"})
"""The e-mails that the module gives that customer."""

LISTS: dict[str, tuple[type[raw.Raw], frozenset[str]]] = {
    "carriers": (raw.Carrier, frozenset({"orders", "fulfillments"})),
    "countries": (raw.Country, frozenset({"orders", "customers"})),
    "regions": (raw.Region, frozenset({"orders", "customers"})),
    "languages": (raw.Language, frozenset({"orders", "refunds", "fulfillments", "customers"})),
}
"""The shop's own lists, and the streams whose records they help to read."""


class Knowledge:
    """What is known of one shop; what the settings say goes before what it says itself."""

    def __init__(
        self,
        service: Webservice,
        *,
        shop: str,
        zone: str | None,
        override: Override,
        tests: frozenset[str] | UnsetType,
        fields: tuple[str, ...],
    ) -> None:
        self._service = service
        self._shop, self._zone, self._override = shop, zone, override
        self._tests, self._fields = tests, fields
        self._states: list[raw.State] = []
        self._configuration: dict[str, str] = {}
        self._currencies: dict[int, raw.Currency] = {}
        self._lists: dict[type[raw.Raw], Any] = {}

    def configure(self, lacking: dict[str, NotGranted], *, of_orders: bool) -> None:
        """Read the shop's zone, states and currencies; note in `lacking` what of them may not be read."""
        names = (*CONFIGURED, "PS_TIMEZONE", "PS_SHOP_NAME", NOBODY)
        for each in self._granted(self._service.of(raw.Configuration, "name", names), lacking):
            if each.name and each.value:
                before = self._configuration.setdefault(each.name, each.value)
                if each.name == "PS_TIMEZONE" and before != each.value and not self._zone:
                    raise Misconfigured(
                        "timezone: must be set: the shops of this installation have different ones"
                    )
        if self._zone and (self._override or not of_orders) and lacking.pop(raw.Configuration.RESOURCE, None):
            # The settings say what it would have said.
            self.lack(raw.Configuration)
        if not of_orders:
            return
        self._states = self._granted(self._service.every(raw.State, limit=ALL), lacking)
        currencies = self._granted(self._service.every(raw.Currency, limit=ALL), lacking)
        self._currencies = {each.id: each for each in currencies}
        missing = sorted(self._override.keys() - {each.id for each in self._states})
        if missing and self._states:
            self._service.warn_once(
                f"PrestaShop: order_states: the shop has no state {', '.join(map(str, missing))}: look up its id in Shop "
                "Parameters > Order Settings > Statuses"
            )
        meanings = Meanings(self._states, self._configuration, self._override)
        unknown = [word for word in EXPECTED if not meanings.states(word)]
        if unknown and not lacking:
            self._service.warn_once(
                f"PrestaShop: the shop does not say which state means {', '.join(unknown)}: name it in order_states"
            )

    def of(self, stream: str = "") -> Known:
        """Return what is known of the shop; with the lists that a stream's records want, each read when it is first wanted."""
        zone = self._zone or self._configuration.get("PS_TIMEZONE")
        if not zone:
            raise Misconfigured("timezone: must be set: the shop does not say which time zone it is in")
        lists = {name: self._list(kind) for name, (kind, streams) in LISTS.items() if stream in streams}
        return Known(
            shop=self._shop,
            clocks=Clocks(zone),
            meanings=Meanings(self._states, self._configuration, self._override),
            currencies=self._currencies,
            name=self._configuration.get("PS_SHOP_NAME"),
            tests=self._tests,
            fields=self._fields,
            read_at=self._service.now(),
            **lists,
        )

    def lack(self, kind: type[raw.Raw]) -> None:
        """Warn that something may not be read that can be done without."""
        self._service.warn_once(
            f"PrestaShop: webservice_key may not read {kind.RESOURCE}: what follows from it is left out"
        )

    def is_nobody(self, customer: raw.Customer) -> bool:
        """Say whether a customer is the one who stands for those that were erased: nobody is that person."""
        return str(customer.id) == self.nobody or customer.email in NOBODYS

    @property
    def nobody(self) -> str | None:
        """The id of that customer, if the shop names it."""
        return self._configuration.get(NOBODY)

    def _granted(self, rows: Iterator[R], lacking: dict[str, NotGranted]) -> list[R]:
        """Return all rows, none if they may not be read."""
        try:
            return list(rows)
        except NotGranted as error:
            lacking[error.resource] = error
            return []

    def _list(self, kind: type[raw.Raw]) -> Any:
        """Read one of the shop's own lists, once; `UNSET` if it may not be read."""
        if kind not in self._lists:
            try:
                self._lists[kind] = {each.id: each for each in self._service.every(kind, limit=ALL)}
            except NotGranted:
                self.lack(kind)
                self._lists[kind] = UNSET
        return self._lists[kind]
