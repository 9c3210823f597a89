"""Forgetting a person: every name of theirs goes, of what decides whether something is news only what names nobody stays.

The account keeps its amounts. Whoever holds the name recognises the tombstone, so nothing is told of them again.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct, field

from target_segment.errors import LedgerError
from target_segment.identity import LONG_ID, escaped
from target_segment.ledger.memory import MemoryTable
from target_segment.ledger.on_duckdb import Database
from target_segment.ledger.outbox import OutboxTable
from target_segment.ledger.receipts import ReceiptsTable
from target_segment.ledger.refused import RefusedTable
from target_segment.remembered import FORGOTTEN, REJECTED, Fate, Key, Memory, Scope, memory_of, text_of
from target_segment.transitions.table import kept_under


class Names(Struct):
    """By what a ledger may know a person.

    `people` are Segment identities, of which `guests` are anonymousIds; `customers` the shop's own, as platform, shop and id;
    `marks` the hashes by which their e-mail is remembered.
    """

    people: set[str]
    guests: set[str]
    customers: set[tuple[str, str, str]]
    marks: set[str]

    def copy(self) -> "Names":
        """Return the same, to be added to."""
        return Names(set(self.people), set(self.guests), set(self.customers), set(self.marks))


class Forgotten(Struct):
    """By which identities a person was known, which of these were anonymousIds, and how much named them."""

    people: set[str] = field(default_factory=set)
    guests: set[str] = field(default_factory=set)
    receipts: int = 0
    subjects: int = 0
    refused: int = 0


Holds = Callable[[str, str, Names], bool]
"""Says of the reason and the payload of something refused whether they are about a person."""


def forget(db: Database, source: str, names: Names, holds: Holds, now: datetime) -> Forgotten:
    """Forget a person under every source that knows the shops of this one; return by which names they were known, and what went.

    Raises `LedgerError` while something is intended.
    """
    found = Forgotten()
    sources = MemoryTable(db, source).sources_of_the_same_shops()
    with db.transaction():
        for each in sources:
            if not OutboxTable(db, each).is_empty():
                raise LedgerError(
                    f"some events of source {each} are intended and not yet told: run once with mode=send before"
                )
            _Forgetting(db, each, names.copy(), found, now).forget(holds)
    return found


class _Forgetting:
    """One person being forgotten under one source: `names` grows as more of them are found, `found` counts for all sources."""

    def __init__(self, db: Database, source: str, names: Names, found: Forgotten, now: datetime) -> None:
        self._memory = MemoryTable(db, source)
        self._receipts = ReceiptsTable(db, source)
        self._refused = RefusedTable(db, source)
        self._names, self._found = names, found
        self._forgotten = Fate(FORGOTTEN, now, now)

    def forget(self, holds: Holds) -> None:
        """Forget them."""
        self._complete()
        names, people = self._names, list(self._names.people)
        orders = self._orders_of(people)
        rows = self._memory.remembered_under(
            ((platform, shop), (stream, subject)) for platform, shop, stream, subject in orders
        )
        self._memory.replace({place: self._nameless(remembered) for place, remembered in rows})
        self._found.subjects += len(rows)
        foreign = self._foreign(people)
        self._bury(foreign)
        self._found.receipts += self._receipts.forget_people(people, names.customers)
        self._receipts.forget_keys(foreign)
        self._forget_refused(orders, holds)

    # --- who they are

    def _complete(self) -> None:
        """Find the other names of a person: linked guests, customers that spoke of an identity, identities of one customer."""
        names, found = self._names, self._found
        before = -1
        while before != (before := len(names.people) + len(names.customers)):
            self._add_identities()
            self._add_customers()
        guests = {each[-1] for each in self._memory.orders_told_for_guests(list(names.people))}
        names.guests |= guests
        found.people |= guests
        found.guests |= names.guests

    def _add_identities(self) -> None:
        """Add whom the identities that the names lead to were linked with, and which customer spoke of them."""
        names = self._names
        rows = self._memory.identities_known_by(
            list(names.people),
            customers=[subject for _, _, subject in names.customers],
            links=[f"{kind}:{each}" for each in names.people for kind in ("identity_linked", "alias")],
            marks=names.marks,
        )
        for platform, shop, subject, remembered in rows:
            memory = memory_of(remembered)
            linked = {part for key in memory.fates if (part := key.partition(":")[2])}
            speaker = (platform, shop, memory.speaker or "") if memory.spoken == "customers" else None
            state = memory.states.get("identify")
            marked = state.facts.partition(",")[0] if state else None
            if (
                not ({subject} | linked) & names.people
                and speaker not in names.customers
                and marked not in names.marks
            ):
                continue
            names.people |= {subject} | linked
            names.guests |= linked
            self._found.people.add(subject)
            if speaker and memory.speaker:
                names.customers.add(speaker)

    def _add_customers(self) -> None:
        """Add under which customer's number something was told of them."""
        for person, platform, shop, customer in self._receipts.told_of(list(self._names.people)):
            self._found.people.add(person)
            if customer:
                self._names.customers.add((platform, shop, customer))

    # --- what was told of them

    def _orders_of(self, people: Sequence[str]) -> list[tuple[str, str, str, str]]:
        """Return the orders, refunds and fulfillments told of these people: platform, shop, stream and subject."""
        guests = [
            (platform, shop, stream, subject)
            for platform, shop, stream, subject, _ in self._memory.orders_told_for_guests(people)
        ]
        return guests + [
            (platform, shop, kept.stream, kept.subject)
            for platform, shop, name, subject in self._receipts.subjects_told_of(people)
            if (kept := kept_under(name, subject)).stream in _OF_ORDERS or "." in name
        ]

    def _foreign(self, people: Sequence[str]) -> list[tuple[Scope, Key]]:
        """Return the records of other taps in whose key is one of the person's own ids.

        A short id in a key may be something else's number: it counts where the record was told of them.
        """
        low = {each.casefold() for each in people}
        spelled = [form for each in low for form in {each, escaped(each)}]
        return [
            ((platform, shop), (stream, subject))
            for platform, shop, stream, subject, theirs in self._memory.foreign_keys_with_names(
                people, spelled
            )
            if _names_one(subject, low, short=theirs)
        ]

    def _nameless(self, remembered: str) -> str:
        """Return what decides that nothing more is told of an order, without a hash of anything personal."""
        memory = memory_of(remembered)
        memory.fates[FORGOTTEN] = self._forgotten
        memory.states, memory.guest, memory.speaker = {}, None, None
        return text_of(memory)

    def _bury(self, more: Iterable[tuple[Scope, Key]]) -> None:
        """Put a tombstone in the place of each identity and customer, also of one that was not told of yet."""
        graves = [
            ((platform, shop), ("customers", subject)) for platform, shop, subject in self._names.customers
        ]
        graves += [
            (scope, ("identify", person)) for scope in self._memory.scopes() for person in self._names.people
        ]
        graves += more
        self._memory.bury(graves, Memory(fates={FORGOTTEN: self._forgotten}))

    def _forget_refused(self, orders: Iterable[tuple[str, str, str, str]], holds: Holds) -> None:
        names, theirs = self._names, set(orders)
        gone: list[int] = []
        emptied: list[int] = []
        nameless: list[int] = []
        low = {each.casefold() for each in names.people}
        for place, platform, shop, fate, stream, transition, subject, reason, payload in self._refused.all():
            # A link is remembered with the identity it leads to: `kept_under` says which of the two ids that is.
            key = kept_under(transition or "", subject or "").subject
            own = (stream == "identify" and (key in names.people or subject in names.people)) or (
                stream == "customers" and (platform, shop, key) in names.customers
            )
            if own and fate == REJECTED:
                gone.append(place)
            elif own or ("." in stream and _names_one(subject or "", low)):
                nameless.append(place)
            elif (platform, shop, stream, key) in theirs or holds(reason, payload or "", names):
                emptied.append(place)
        self._refused.forget(gone)
        self._refused.empty(emptied, nameless)
        self._found.refused += len(gone) + len(emptied) + len(nameless)


_OF_ORDERS = frozenset({"orders", "refunds", "fulfillments"})
"""The streams of what is told of an order."""


def _names_one(subject: str, low: set[str], *, short: bool = False) -> bool:
    """Say whether a key of another tap's record is one of these ids, or holds one as a part."""
    said = subject.casefold()
    parts = re.split(r"(?<!\\):", said)
    return any(
        (said == each or escaped(each) in parts) and (short or "@" in each or len(each) >= LONG_ID)
        for each in low
    )
