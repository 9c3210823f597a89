"""What the states of a shop's orders mean: by their flags, by the shop's configuration, or as the settings say.

Ids of states are each shop's own, so none is written here. https://devdocs.prestashop-project.org/8/webservice/resources/order_states/
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tap_commerce.errors import Misconfigured
from tap_commerce.platforms.prestashop import raw
from tap_commerce.platforms.prestashop.clocks import AROUND

WORDS = ("pending", "authorized", "paid", "shipped", "delivered", "cancelled", "refunded")

CONFIGURED = {
    "PS_OS_DELIVERED": "delivered",
    "PS_OS_CANCELED": "cancelled",
    "PS_OS_REFUND": "refunded",
    "PS_CHECKOUT_STATE_AUTHORIZED": "authorized",
}
"""There is no flag for these: the shop's configuration names the state. The last is a module's and inferred, not seen."""

EXPECTED = ("delivered", "cancelled", "refunded")
"""Words that every shop should have a state for."""

LAST = datetime(9000, 1, 1)  # noqa: DTZ001 - a wall clock

Override = Mapping[int, frozenset[str]]


class Meanings:
    """The states of a shop's orders, each with the words that are true once an order has entered it."""

    def __init__(
        self, states: Iterable[raw.State], configuration: Mapping[str, str], override: Override
    ) -> None:
        found: dict[int, set[str]] = {}
        for state in states:
            flags = {"paid": state.paid is True, "shipped": state.shipped is True}
            found[state.id] = {word for word, said in flags.items() if said}
        for name, word in CONFIGURED.items():
            # 0 is what a module leaves that was taken away.
            if (identifier := configuration.get(name, "")).isdigit() and int(identifier):
                found.setdefault(int(identifier), set()).add(word)
        self._words = {identifier: frozenset(words) for identifier, words in found.items()} | dict(override)

    def of(self, state: object) -> frozenset[str]:
        """Return what a state means; nothing, if that is unknown."""
        words = self._words.get(state, frozenset()) if isinstance(state, int) else frozenset()
        # What was delivered has left.
        return words | {"shipped"} if "delivered" in words else words

    def states(self, word: str) -> list[int]:
        """List the states that mean a word."""
        return sorted(state for state in self._words if word in self.of(state))

    def first(self, histories: Iterable[raw.History], word: str) -> raw.History | None:
        """Return the entry by which an order first came into a state that means a word.

        Ids only grow: where clocks may have been put back between two entries, they say which was first.
        """
        entries = [each for each in histories if word in self.of(each.id_order_state)]
        if not entries:
            return None
        earliest = min(map(_when, entries))
        return min((each for each in entries if _when(each) <= earliest + AROUND), key=lambda each: each.id)


def override(told: Sequence[str]) -> Override:
    """Read the setting `order_states`; a state it names means what it says there and nothing else.

    >>> override(["15=shipped", "15=paid"]) == {15: frozenset({"shipped", "paid"})}
    True
    """
    found: dict[int, frozenset[str]] = {}
    for each in told:
        identifier, _, word = (part.strip() for part in each.partition("="))
        if not identifier.isdigit() or word not in WORDS:
            raise Misconfigured(
                f"order_states: {each!r} must be a state's id and what it means, such as 15=shipped; there are {', '.join(WORDS)}"
            )
        found[int(identifier)] = found.get(int(identifier), frozenset()) | {word}
    return found


def _when(entry: raw.History) -> datetime:
    return entry.date_add if isinstance(entry.date_add, datetime) else LAST
