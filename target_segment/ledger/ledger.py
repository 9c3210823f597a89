"""The ledger: what was told, what is remembered, what is intended; the only file that knows DuckDB.

A transition counts as told once its intent is committed, and its receipt follows Segment's answer, never the other way
round: "performing deduplication … voids any at-least-once guarantees" of a sink whose deliveries can fail after the note
was taken (https://github.com/redpanda-data/benthos, processor_dedupe.go). Lists move in bulk, as one JSON document a
statement: DuckDB takes a row in 2 µs so, in a millisecond by `executemany`. A lookup scans, so it is asked rarely.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from isal import isal_zlib
from msgspec import Struct, field

from target_segment.batch import Batch
from target_segment.errors import LedgerError, Misconfigured
from target_segment.identity import LONG_ID
from target_segment.remembered import (
    FORGOTTEN,
    REJECTED,
    TOLD,
    Fate,
    Found,
    Key,
    Memory,
    Refusal,
    Row,
    Scope,
    State,
    Watch,
    documents,
    memory_of,
    row_key,
    text_of,
    tombstone,
)
from target_segment.transitions.table import kept_under

VERSION = 2
_TABLES = ("memory", "receipts", "outbox", "refused", "watch", "runs")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ABOUT = '[{"m":"UUID","l":"VARCHAR","h":"VARCHAR","t":"VARCHAR","e":"VARCHAR","s":"VARCHAR","p":"VARCHAR","o":"TIMESTAMP","a":"DECIMAL(24,6)","c":"VARCHAR"}]'
_ROWS = '[{"k":"UBIGINT","t":"VARCHAR","s":"VARCHAR","i":"TIMESTAMP","n":"TIMESTAMP","b":"TIMESTAMP","f":"UUID","r":"VARCHAR"}]'


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


class Ledger:
    """One open ledger. Made by `opened`; every method is called from one thread."""

    def __init__(self, db: duckdb.DuckDBPyConnection, source: str, now: Callable[[], datetime]) -> None:
        self._db = db
        self._source = source
        self._now = now
        self.run = 0
        self._group = 0
        self._batches = count(1)

    # --- a run

    def begin(self, mode: str) -> None:
        """Begin a run: give it a number, and go on with the numbers of groups and batches."""
        self.run = self._one("SELECT coalesce(max(run), 0) + 1 FROM runs")
        if self._one("SELECT count(*) FROM runs WHERE run = (SELECT max(run) FROM runs) AND ended IS NULL"):
            # The last run was killed, perhaps between a receipt and what it let go of.
            self.settle_all()
        self._group = self._one(
            "SELECT greatest((SELECT coalesce(max(batch_group), 0) FROM memory), (SELECT coalesce(max(batch_group), 0) FROM outbox))"
        )
        self._batches = count(self._one("SELECT coalesce(max(id), 0) + 1 FROM outbox"))
        self._do(
            "INSERT INTO runs (run, source, mode, started) VALUES ($1, $2, $3, $4)",
            [self.run, self._source, mode, self._clock()],
        )

    def end(self, outcome: str, counts: Mapping[str, Any]) -> None:
        """Write what this run read, told, knew and waited for."""
        self._do(
            "UPDATE runs SET ended = $2, outcome = $3, records = $4, unchanged = $5, told = $6, refused = $7,"
            " waited_seconds = $8, counts = $9 WHERE run = $1",
            [
                self.run, self._clock(), outcome, counts["records"], counts["unchanged"], counts["told"], counts["refused"],
                counts["waited"], msgspec.json.encode(counts["counts"]).decode(),
            ],
        )  # fmt: skip

    def expect_source(self, scope: Scope, *, named: bool) -> None:
        """Raise `Misconfigured` if this ledger knows a shop only under another segment source and none was named."""
        rows = self._do(
            "SELECT DISTINCT source FROM watch WHERE platform = $1 AND shop = $2 ORDER BY source", [*scope]
        ).fetchall()
        sources = [source for (source,) in rows]
        if sources and self._source not in sources and not named:
            raise Misconfigured(
                f"setting `segment_source`: this ledger knows {scope[1]} under {', '.join(sources)}, but write key and endpoint now give {self._source}. "
                f"Set `segment_source` to {sources[-1]} to continue it (a rotated key), or to any other name to begin anew"
            )

    def has_receipts(self) -> bool:
        """Say whether Segment has ever acknowledged anything of this source."""
        return bool(self._do("SELECT 1 FROM receipts WHERE source = $1 LIMIT 1", [self._source]).fetchall())

    # --- since when

    def since(
        self,
        scope: Scope,
        first_read_at: datetime,
        on: Iterable[str],
        conditions: Mapping[str, str],
        since: datetime | None,
    ) -> dict[str, Watch]:
        """Return since when each transition of a shop is told, and remember it: as set, or (None) since it was first on."""
        known = self.watched(scope)
        watched: dict[str, Watch] = {}
        for name in on:
            before = known.get(name)
            condition = conditions.get(name, "")
            generation = before.generation if before else 0
            if since is None and before and before.condition == condition:
                watched[name] = before
            else:
                watched[name] = Watch(condition, since or first_read_at, generation)
        fresh = {name: each for name, each in watched.items() if known.get(name) != each}
        if fresh:
            self.watch(scope, fresh)
        return watched

    def watched(self, scope: Scope) -> dict[str, Watch]:
        """Return since when each transition of a shop is told."""
        rows = self._do(
            "SELECT transition, condition, epoch_us(since), generation FROM watch WHERE source = $1 AND platform = $2 AND shop = $3",
            [self._source, *scope],
        ).fetchall()
        return {
            name: Watch(condition, _instant(since), generation) for name, condition, since, generation in rows
        }

    def watch(self, scope: Scope, watched: Mapping[str, Watch]) -> None:
        """Remember since when these transitions of a shop are told."""
        with self._transaction():
            for name, each in watched.items():
                self._do(
                    "DELETE FROM watch WHERE source = $1 AND platform = $2 AND shop = $3 AND transition = $4",
                    [self._source, *scope, name],
                )
                self._do(
                    "INSERT INTO watch VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    [self._source, *scope, name, each.condition, _naive(each.since), each.generation],
                )

    # --- memory

    def unchanged(self, read: Mapping[str, datetime]) -> set[str]:
        """Return which raw records, read at these instants, were seen in exactly this form; note that they were seen again."""
        if not read:
            return set()
        rows = self._do(
            "SELECT replace(form::VARCHAR, '-', '') FROM memory WHERE form IN (SELECT each::UUID FROM listed($1))",
            [",".join(read)],
        ).fetchall()
        seen = {form for (form,) in rows}
        if seen:
            self._do(
                "UPDATE memory SET seen_at = make_timestamp(seen.at), seen_before = seen_at FROM"
                " (SELECT unnest($1::VARCHAR[])::UUID AS form, unnest($2::BIGINT[]) AS at) AS seen"
                " WHERE memory.form = seen.form AND (seen_at IS NULL OR seen_at < make_timestamp(seen.at))",
                [list(seen), [(read[form] - _EPOCH) // timedelta(microseconds=1) for form in seen]],
            )
        return seen

    def recall(self, scope: Scope, keys: Iterable[Key]) -> list[Found]:
        """Return what is remembered under these keys, older before newer."""
        wanted = {row_key(self._source, scope, key): key for key in keys}
        if not wanted:
            return []
        places = [
            place
            for (place,) in self._do(
                "SELECT rowid FROM memory WHERE key IN (SELECT each::UBIGINT FROM listed($1))",
                [_text(wanted)],
            ).fetchall()
        ]
        if not places:
            return []
        # The wide column is read only where something was found: scanned whole it would push everything else out.
        rows = self._do(
            "SELECT key, subject, epoch_us(instant), epoch_us(seen_at), epoch_us(seen_before), form::VARCHAR, remembered FROM memory"
            " WHERE rowid BETWEEN $2 AND $3 AND rowid IN (SELECT each::BIGINT FROM listed($1)) ORDER BY batch_group",
            [_text(places), min(places), max(places)],
        ).fetchall()
        return [
            Found(
                *wanted[key],
                _instant(instant) if instant is not None else None,
                _instant(seen_at) if seen_at is not None else None,
                _instant(seen_before) if seen_before is not None else None,
                form,
                remembered,
            )
            for key, subject, instant, seen_at, seen_before, form, remembered in rows
            if subject == wanted[key][1]
            or (subject.startswith(FORGOTTEN) and subject == tombstone(self._source, scope, wanted[key]))
        ]

    def _row(self, scope: Scope, key: Key) -> Row:
        found = self.recall(scope, [key])
        return Row.of(found[-1]) if found else Row(*key)

    # --- intent, receipt

    def next_batch(self) -> int:
        """Return the number of the next batch; the one method that any thread may call."""
        return next(self._batches)

    def intend(
        self, scope: Scope, rows: Iterable[bytes], batches: Sequence[Batch], refusals: Sequence[Refusal]
    ) -> int:
        """Commit what is about to be told, as if it were told, with the batches' own bytes; return the group's number.

        `rows` are documents that hold the rows of memory as they then are (see `memory.Rows`).
        """
        self._group += 1
        with self._transaction():
            for document in rows:
                self._do(
                    "INSERT INTO memory (key, source, platform, shop, stream, subject, instant, seen_at, seen_before, form, remembered,"
                    " batch_group) SELECT r.k, $1, $2, $3, r.t, r.s, r.i, r.n, r.b, r.f, r.r, $4"
                    " FROM (SELECT unnest(from_json(given, $6)) AS r FROM (SELECT unnest([$5]) AS given))",
                    [self._source, *scope, self._group, document.decode(), _ROWS],
                )
            for batch in batches:
                self._put_out(batch, self._group)
            self._note(refusals)
        return self._group

    def confirm(self, batches: Sequence[Batch]) -> None:
        """Commit the receipts of acknowledged batches and let their bytes go."""
        if not batches:
            return
        ids = [batch.id for batch in batches]
        now = self._clock()
        with self._transaction():
            for about in documents(batch.about[1:-1] for batch in batches):
                self._do(
                    "INSERT INTO receipts SELECT r.m, $2, r.l, r.h, r.t, r.e, r.s, r.p, r.o, $3, r.a, r.c, $4"
                    " FROM (SELECT unnest(from_json(given, $5)) AS r FROM (SELECT unnest([$1]) AS given))",
                    [about.decode(), self._source, now, self.run, _ABOUT],
                )
            self._do("DELETE FROM outbox WHERE id IN (SELECT unnest($1::BIGINT[]))", [ids])

    def settle(self, scope: Scope, group: int, replaced: Iterable[Key]) -> None:
        """Let go of what a group replaced in memory, now that all of it has its receipt."""
        keys = [row_key(self._source, scope, key) for key in replaced]
        if keys:
            self._do(
                "DELETE FROM memory WHERE batch_group < $1 AND key IN (SELECT each::UBIGINT FROM listed($2))",
                [group, _text(keys)],
            )

    def split(self, batch: Batch, halves: Sequence[Batch]) -> None:
        """Replace a refused batch in the outbox by its halves, so that each has its own receipt at once."""
        with self._transaction():
            (group,) = self._do("SELECT batch_group FROM outbox WHERE id = $1", [batch.id]).fetchall()[0]
            self._do("DELETE FROM outbox WHERE id = $1", [batch.id])
            for half in halves:
                self._put_out(half, group)

    def reject(self, batch: Batch, refusal: Refusal) -> None:
        """Commit that the one event of a batch was refused: a row with payload and reason instead of a receipt."""
        with self._transaction():
            self._note([refusal])
            self._do("DELETE FROM outbox WHERE id = $1", [batch.id])
            self._mark_rejected(refusal)

    def take_back(self) -> None:
        """Forget every intent that has no receipt: the refusal was not the events'."""
        with self._transaction():
            # Later groups build on the first that is taken back, also those that tell nothing themselves.
            self._do(
                "DELETE FROM memory WHERE source = $1 AND batch_group >="
                " (SELECT min(batch_group) FROM outbox WHERE source = $1)",
                [self._source],
            )
            self._do("DELETE FROM outbox WHERE source = $1", [self._source])
            if not self._do("SELECT 1 FROM memory WHERE source = $1 LIMIT 1", [self._source]).fetchall():
                self._do("DELETE FROM watch WHERE source = $1", [self._source])

    def outbox(self) -> Iterator[tuple[Batch, datetime]]:
        """Yield the batches of this source that were intended and not receipted, oldest first, and when they were intended."""
        ids = self._do("SELECT id FROM outbox WHERE source = $1 ORDER BY id", [self._source]).fetchall()
        for (number,) in ids:
            (row,) = self._do(
                "SELECT events, people, deflated, size, crc, about, epoch_us(intended) FROM outbox WHERE id = $1",
                [number],
            ).fetchall()
            count, people, deflated, size, crc, about, intended = row
            yield (
                Batch(
                    id=number, count=count, people=frozenset(people), deflated=bytes(deflated), size=size, crc=crc,
                    about=isal_zlib.decompress(bytes(about)),
                ),
                _instant(intended),
            )  # fmt: skip

    def settle_all(self) -> None:
        """Let go of every row of memory that a newer one replaces, unless something intended may yet be taken back."""
        if not self.outbox_is_empty():
            return
        self._do(
            "DELETE FROM memory USING memory AS newer WHERE memory.batch_group < newer.batch_group AND memory.key = newer.key"
        )

    def retell(self, transitions: Sequence[str]) -> int:
        """Forget that these transitions of this source were told, raise their generation; return how many fates were forgotten."""
        with self._transaction():
            rows = self._do(
                "SELECT rowid, remembered, refunded FROM memory LEFT JOIN"
                " (SELECT source, platform, shop, 'refunds' AS stream, subject, sum(amount) AS refunded FROM receipts"
                " WHERE transition = 'order_refunded' GROUP BY ALL) USING (source, platform, shop, stream, subject)"
                " WHERE source = $1",
                [self._source],
            ).fetchall()
            forgotten, places, contents = 0, [], []
            for place, remembered, refunded in rows:
                memory = memory_of(remembered)
                count = _forget(memory, set(transitions), refunded or Decimal(0))
                if count:
                    forgotten += count
                    places.append(place)
                    contents.append(text_of(memory))
            self._do(
                "UPDATE memory SET remembered = fresh.content FROM"
                " (SELECT unnest($1::BIGINT[]) AS place, unnest($2::VARCHAR[]) AS content) AS fresh WHERE memory.rowid = fresh.place",
                [places, contents],
            )
            self._do("UPDATE memory SET form = NULL WHERE source = $1", [self._source])
            self._do(
                "DELETE FROM receipts WHERE source = $1 AND transition IN (SELECT unnest($2::VARCHAR[]))",
                [self._source, list(transitions)],
            )
            self._do(
                "UPDATE watch SET generation = generation + 1 WHERE source = $1 AND transition IN (SELECT unnest($2::VARCHAR[]))",
                [self._source, list(transitions)],
            )
        return forgotten

    def retry(self) -> int:
        """Let rejected transitions be decided anew when they are next read; return how many there were.

        Not those of a running total: which part of it was rejected is not remembered.
        """
        with self._transaction():
            rows = self._do(
                "DELETE FROM refused WHERE source = $1 AND fate = $2 AND transition <> 'order_refunded'"
                " RETURNING platform, shop, stream, transition, subject",
                [self._source, REJECTED],
            ).fetchall()
            for platform, shop, stream, transition, subject in rows:
                self._unsettle((platform, shop), stream, transition, subject)
            self._do("UPDATE memory SET form = NULL WHERE source = $1", [self._source])
        return len(rows)

    def scopes(self) -> list[Scope]:
        """Return the shops that this source knows."""
        return self._do(
            "SELECT DISTINCT platform, shop FROM memory WHERE source = $1 ORDER BY ALL", [self._source]
        ).fetchall()

    def forget(self, names: Names, holds: Callable[[str, str, Names], bool]) -> Forgotten:
        """Forget a person under every source that knows these shops; return by which names they were known, and what went.

        What decides whether something is news stays, without a name (see `memory.tombstone`); the account keeps its
        amounts. `holds` says whether the payload of something refused is about them. Raises `LedgerError` while something
        is intended.
        """
        sources = self._do(
            "SELECT DISTINCT source FROM memory WHERE (platform, shop) IN"
            " (SELECT (platform, shop) FROM memory WHERE source = $1) ORDER BY source",
            [self._source],
        ).fetchall()
        found = Forgotten()
        with self._transaction():
            for (source,) in sources:
                theirs = Ledger(self._db, source, self._now)
                if not theirs.outbox_is_empty():
                    raise LedgerError(
                        f"some events of source {source} are intended and not yet told: run once with mode=send before"
                    )
                theirs._forget_here(names.copy(), holds, found)
        return found

    def knows_refused(self, form: str) -> bool:
        """Say whether this very record was set aside before."""
        question = "SELECT 1 FROM refused WHERE source = $1 AND message_id = $2::UUID LIMIT 1"
        return bool(self._do(question, [self._source, form]).fetchall())

    def outbox_is_empty(self) -> bool:
        """Say whether nothing of this source is intended and without a receipt."""
        return not self._do("SELECT 1 FROM outbox WHERE source = $1 LIMIT 1", [self._source]).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- within a transaction

    def _do(self, statement: str, values: Sequence[Any] | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return self._db.execute(statement, values)
        except duckdb.Error as error:
            raise LedgerError(
                f"the ledger could not be used ({str(error).splitlines()[0][:200]}): is its disk full or gone? "
                "What was intended stays, the next run goes on (setting `ledger`)"
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._do("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(LedgerError):
                self._do("ROLLBACK")
            raise
        self._do("COMMIT")

    def _forget_here(self, names: Names, holds: Callable[[str, str, Names], bool], found: Forgotten) -> None:
        self._complete(names, found)
        people = list(names.people)
        orders = self._orders_of(people)
        rows = self._do(
            "SELECT rowid, remembered FROM memory WHERE key IN (SELECT unnest($1::UBIGINT[]))",
            [
                [
                    row_key(self._source, (platform, shop), (stream, subject))
                    for platform, shop, stream, subject in orders
                ]
            ],
        ).fetchall()
        self._do(
            "UPDATE memory SET remembered = fresh.content FROM"
            " (SELECT unnest($1::BIGINT[]) AS place, unnest($2::VARCHAR[]) AS content) AS fresh WHERE memory.rowid = fresh.place",
            [[place for place, _ in rows], [self._nameless(remembered) for _, remembered in rows]],
        )
        found.subjects += len(rows)
        foreign = self._foreign(people)
        self._bury(names, foreign)
        changed = self._do(
            "UPDATE receipts SET person = $3, subject = CASE WHEN transition IN ('identify', 'identity_linked', 'alias')"
            " OR starts_with(transition, 'customer_') THEN $3 ELSE subject END WHERE source = $1 AND"
            " (person IN (SELECT unnest($2::VARCHAR[])) OR (starts_with(transition, 'customer_') AND"
            " (platform || chr(31) || shop || chr(31) || subject) IN (SELECT unnest($4::VARCHAR[])))) RETURNING 1",
            [self._source, people, FORGOTTEN, [chr(31).join(each) for each in names.customers]],
        ).fetchall()
        found.receipts += len(changed)
        self._do(
            "UPDATE receipts SET subject = $2 WHERE source = $1 AND contains(transition, '.') AND"
            " concat_ws(chr(31), platform, shop, transition, subject) IN (SELECT unnest($3::VARCHAR[]))",
            [self._source, FORGOTTEN, [chr(31).join((*scope, *key)) for scope, key in foreign]],
        )
        self._forget_refused(names, orders, holds, found)

    def _complete(self, names: Names, found: Forgotten) -> None:
        """Find the other names of a person: linked guests, customers that spoke of an identity, identities of one customer."""
        before = -1
        while before != (before := len(names.people) + len(names.customers)):
            people = list(names.people)
            rows = self._do(
                "SELECT platform, shop, subject, remembered FROM memory WHERE source = $1 AND stream = 'identify' AND"
                " NOT starts_with(subject, 'forgotten:') AND (subject IN (SELECT unnest($2::VARCHAR[]))"
                " OR remembered ->> '$.speaker' IN (SELECT unnest($3::VARCHAR[]))"
                " OR list_has_any(json_keys(remembered, '$.fates'), $4::VARCHAR[])"
                " OR split_part(remembered ->> '$.states.identify[1]', ',', 1) IN (SELECT unnest($5::VARCHAR[])))",
                [
                    self._source, people, [subject for _, _, subject in names.customers],
                    [f"{kind}:{each}" for each in people for kind in ("identity_linked", "alias")], list(names.marks),
                ],
            ).fetchall()  # fmt: skip
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
                found.people.add(subject)
                if speaker and memory.speaker:
                    names.customers.add(speaker)
            told = self._do(
                "SELECT DISTINCT person, platform, shop, CASE WHEN starts_with(transition, 'customer_') THEN subject END"
                " FROM receipts WHERE source = $1 AND person IN (SELECT unnest($2::VARCHAR[]))",
                [self._source, list(names.people)],
            ).fetchall()
            for person, platform, shop, customer in told:
                found.people.add(person)
                if customer:
                    names.customers.add((platform, shop, customer))
        guests = self._do(
            "SELECT DISTINCT remembered ->> '$.guest' FROM memory WHERE source = $1 AND stream = 'orders' AND"
            " remembered ->> '$.guest' IN (SELECT unnest($2::VARCHAR[]))",
            [self._source, list(names.people)],
        ).fetchall()
        names.guests |= {guest for (guest,) in guests}
        found.people |= {guest for (guest,) in guests}
        found.guests |= names.guests

    def _orders_of(self, people: Sequence[str]) -> list[tuple[str, str, str, str]]:
        """Return the orders, refunds and fulfillments told of these people: platform, shop, stream and subject."""
        told = self._do(
            "SELECT DISTINCT platform, shop, transition, subject FROM receipts"
            " WHERE source = $1 AND person IN (SELECT unnest($2::VARCHAR[]))",
            [self._source, people],
        ).fetchall()
        guests = self._do(
            "SELECT platform, shop, stream, subject FROM memory WHERE source = $1 AND stream = 'orders'"
            " AND remembered ->> '$.guest' IN (SELECT unnest($2::VARCHAR[]))",
            [self._source, people],
        ).fetchall()
        return guests + [
            (platform, shop, kept.stream, kept.subject)
            for platform, shop, name, subject in told
            if (kept := kept_under(name, subject)).stream in _OF_ORDERS or "." in name
        ]

    def _foreign(self, people: Sequence[str]) -> list[tuple[Scope, Key]]:
        """Return the records of other taps in whose key is one of the person's own ids.

        A short id in a key may be something else's number: it counts where the record was told of them.
        """
        low = {each.casefold() for each in people}
        rows = self._do(
            "SELECT DISTINCT platform, shop, stream, subject, theirs FROM"
            " (SELECT platform, shop, stream, subject, false AS theirs FROM memory WHERE source = $1"
            " UNION ALL SELECT platform, shop, transition, subject, person IN (SELECT unnest($2::VARCHAR[])) FROM receipts WHERE source = $1)"
            " JOIN (SELECT unnest($3::VARCHAR[]) AS name) ON contains(lower(subject), name)"
            " WHERE contains(stream, '.') AND NOT starts_with(subject, 'forgotten')",
            [self._source, people, [form for each in low for form in {each, _escaped(each)}]],
        ).fetchall()
        return [
            ((platform, shop), (stream, subject))
            for platform, shop, stream, subject, theirs in rows
            if _names_one(subject, low, short=theirs)
        ]

    def _nameless(self, remembered: str) -> str:
        """Return what decides that nothing more is told of an order, without a hash of anything personal."""
        memory = memory_of(remembered)
        memory.fates[FORGOTTEN] = Fate(FORGOTTEN, self._now(), self._now())
        memory.states, memory.guest, memory.speaker = {}, None, None
        return text_of(memory)

    def _bury(self, names: Names, more: Iterable[tuple[Scope, Key]]) -> None:
        """Put a tombstone in the place of an identity and a customer, also of one that was not told of yet."""
        graves = [((platform, shop), ("customers", subject)) for platform, shop, subject in names.customers]
        graves += [(scope, ("identify", person)) for scope in self.scopes() for person in names.people]
        graves += more
        keys = [row_key(self._source, *grave) for grave in graves]
        subjects = [subject for _, (_, subject) in graves]
        stones = [tombstone(self._source, *grave) for grave in graves]
        group = self._one("SELECT coalesce(max(batch_group), 0) FROM memory")
        self._do(
            "DELETE FROM memory WHERE key IN (SELECT unnest($1::UBIGINT[])) AND subject IN (SELECT unnest($2::VARCHAR[]))",
            [keys, subjects + stones],
        )
        memory = Memory(fates={FORGOTTEN: Fate(FORGOTTEN, self._now(), self._now())})
        self._do(
            "INSERT INTO memory (key, source, platform, shop, stream, subject, remembered, batch_group)"
            " SELECT unnest($1::UBIGINT[]), $2, unnest($3::VARCHAR[]), unnest($4::VARCHAR[]), unnest($5::VARCHAR[]),"
            " unnest($6::VARCHAR[]), $7, $8",
            [
                keys, self._source, [scope[0] for scope, _ in graves], [scope[1] for scope, _ in graves],
                [stream for _, (stream, _) in graves], stones, text_of(memory), group,
            ],
        )  # fmt: skip

    def _forget_refused(
        self,
        names: Names,
        orders: Iterable[tuple[str, str, str, str]],
        holds: Callable[[str, str, Names], bool],
        found: Forgotten,
    ) -> None:
        theirs, gone, emptied, nameless = set(orders), [], [], []
        low = {each.casefold() for each in names.people}
        rows = self._do(
            "SELECT rowid, platform, shop, fate, stream, transition, subject, reason, payload FROM refused WHERE source = $1",
            [self._source],
        ).fetchall()
        for number, platform, shop, fate, stream, transition, subject, reason, payload in rows:
            # A link is remembered with the identity it leads to: `kept_under` says which of the two ids that is.
            key = kept_under(transition or "", subject or "").subject
            own = (stream == "identify" and (key in names.people or subject in names.people)) or (
                stream == "customers" and (platform, shop, key) in names.customers
            )
            if own and fate == REJECTED:
                gone.append(number)
            elif own or ("." in stream and _names_one(subject or "", low)):
                nameless.append(number)
            elif (platform, shop, stream, key) in theirs or holds(reason, payload or "", names):
                emptied.append(number)
        self._do("DELETE FROM refused WHERE rowid IN (SELECT unnest($1::BIGINT[]))", [gone])
        self._do(
            "UPDATE refused SET payload = NULL, reason = $3, subject = CASE WHEN rowid IN (SELECT unnest($2::BIGINT[]))"
            " THEN $3 ELSE subject END WHERE rowid IN (SELECT unnest($1::BIGINT[]))",
            [emptied + nameless, nameless, FORGOTTEN],
        )
        found.refused += len(gone) + len(emptied) + len(nameless)

    def _put_out(self, batch: Batch, group: int) -> None:
        self._do(
            "INSERT INTO outbox VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                batch.id, self._source, group, batch.count, sorted(batch.people), batch.deflated, batch.size, batch.crc,
                isal_zlib.compress(batch.about, 1), self._clock(), self.run,
            ],
        )  # fmt: skip

    def _note(self, refusals: Sequence[Refusal]) -> None:
        for each in refusals:
            self._do(
                "INSERT INTO refused VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                [
                    self._source, each.platform, each.shop, each.fate, each.stream, each.transition, each.subject, each.message_id,
                    each.reason, each.payload.decode("utf-8", "replace") if each.payload is not None else None,
                    _naive(each.occurred) if each.occurred else None, self._clock(), self.run,
                ],
            )  # fmt: skip

    def _mark_rejected(self, refusal: Refusal) -> None:
        scope = (refusal.platform or "", refusal.shop or "")
        _, key, part = kept_under(refusal.transition or "", refusal.subject or "")
        row = self._row(scope, (refusal.stream, key))
        if not row.replaces:
            return
        fate = row.memory.fates.get(part)
        at = refusal.occurred or self._now()
        row.memory.fates[part] = Fate(REJECTED, fate.start if fate else at, fate.at if fate else at)
        self._rewrite(scope, row)

    def _unsettle(self, scope: Scope, stream: str, transition: str, subject: str) -> None:
        _, key, part = kept_under(transition, subject)
        row = self._row(scope, (stream, key))
        if row.replaces:
            fate = row.memory.fates.get(part)
            # What was read meanwhile may have written the fate of a once event anew, as it was before the refusal.
            if fate and (fate.fate == REJECTED or (fate.fate == TOLD and part not in row.memory.states)):
                _untold(row.memory, part, fate, less=1)
            self._rewrite(scope, row)

    def _rewrite(self, scope: Scope, row: Row) -> None:
        self._do(
            "UPDATE memory SET remembered = $2, form = $3 WHERE key = $1",
            [row_key(self._source, scope, (row.stream, row.subject)), text_of(row.memory), row.raw_hash],
        )

    def _one(self, question: str) -> Any:
        return self._do(question).fetchall()[0][0]

    def _clock(self) -> datetime:
        return _naive(self._now())


_OF_ORDERS = frozenset({"orders", "refunds", "fulfillments"})
"""The streams of what is told of an order."""


def _escaped(part: str) -> str:
    """Return an id as it stands in a key of several fields."""
    return part.replace("\\", "\\\\").replace(":", "\\:")


def _names_one(subject: str, low: set[str], *, short: bool = False) -> bool:
    """Say whether a key of another tap's record is one of these ids, or holds one as a part."""
    said = subject.casefold()
    parts = re.split(r"(?<!\\):", said)
    return any(
        (said == each or _escaped(each) in parts) and (short or "@" in each or len(each) >= LONG_ID)
        for each in low
    )


def _forget(memory: Memory, transitions: set[str], refunded: Decimal) -> int:
    """Forget what was told of these transitions, and only that; return how many fates were forgotten."""
    gone = {
        key: fate
        for key, fate in memory.fates.items()
        if key.partition(":")[0] in transitions and fate.fate in (TOLD, REJECTED)
    }
    for key, fate in gone.items():
        _untold(memory, key, fate)
    if "order_refunded" in gone and memory.total is not None:
        memory.total, memory.told_records = max(memory.total - refunded, Decimal(0)), []
    return len(gone)


def _untold(memory: Memory, key: str, fate: Fate, less: int = 0) -> None:
    """Forget one fate; a state is then told as it is, from the start that it had."""
    del memory.fates[key]
    if key in memory.states:
        state = memory.states[key]
        memory.states[key] = State(state.version - less, state.facts, fate.start, "")
    if key == "identify":
        memory.identified = False


_LISTED = """CREATE TEMP MACRO listed(words) AS TABLE
    SELECT unnest(string_split(given, ',')) AS each FROM (SELECT unnest([words]) AS given)"""
"""The words of a text with commas between them.

The text has to look like a column: what is constant, a list or `from_json` of a text, DuckDB makes into one boxed value after the other.
"""


def _text(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def opened(
    path: str,
    source: str,
    *,
    wait_seconds: float = 0,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Ledger:
    """Open the ledger at `path`, made if it is not there; raise `LedgerError` if it is locked, newer or damaged."""
    if "://" not in path and path != ":memory:":
        _expect_ledger(Path(path))
    db = _locked(path, wait_seconds, sleep, monotonic)
    try:
        _check_version(db, path, now)
    except duckdb.Error as error:
        db.close()
        raise LedgerError(
            f"the ledger {path} is damaged ({str(error).splitlines()[0][:200]}): restore it from a copy, or move it away and run once with "
            "mode=baseline (setting `ledger`)"
        ) from error
    except LedgerError:
        db.close()
        raise
    return Ledger(db, source, now)


def copied(path: str, copy: str, *, wait_seconds: float = 0) -> None:
    """Copy a ledger as it stands, whatever its version; raise `LedgerError` if another run holds it or it is none."""
    _expect_ledger(Path(path))
    # Another run may have left the last of it in the log beside the file.
    db = _locked(path, wait_seconds, time.sleep, time.monotonic)
    try:
        db.execute("CHECKPOINT ledger")
        shutil.copyfile(path, copy)
    except (duckdb.Error, OSError) as error:
        raise LedgerError(
            f"the ledger {path} could not be copied for a dry run ({str(error).splitlines()[0][:200]}): is there room for it?"
        ) from error
    finally:
        db.close()


def rewritten(path: str) -> None:
    """Write a ledger's file anew: what was deleted stays in its free blocks until they are needed."""
    if "://" in path or path == ":memory:":
        return
    place = Path(path).resolve()
    fresh = place.with_name(place.name + ".new")
    fresh.unlink(missing_ok=True)
    db = _attached(str(place))
    try:
        db.execute(f"ATTACH '{str(fresh).replace(chr(39), chr(39) * 2)}' AS fresh (ROW_GROUP_SIZE 8192)")
        db.execute("USE fresh")
        db.execute(files("target_segment.ledger").joinpath("ledger.sql").read_text("utf-8"))
        for table in ("ledger", *_TABLES):
            db.execute(f"INSERT INTO fresh.{table} BY NAME SELECT * FROM ledger.{table}")  # noqa: S608 - our own names
        fresh.chmod(place.stat().st_mode & 0o777)
        # The old file stays locked until the new one is in its place.
        db.execute("CHECKPOINT fresh")
        db.execute("CHECKPOINT ledger")
        db.execute("USE memory")
        db.execute("DETACH fresh")
        fresh.replace(place)
    except (duckdb.Error, OSError) as error:
        raise LedgerError(
            f"the ledger {path} could not be written anew ({str(error).splitlines()[0][:200]}): nothing of it is lost, but its file may "
            "still hold what was deleted. Make room and do the same again"
        ) from error
    finally:
        db.close()


def _locked(
    path: str, wait_seconds: float, sleep: Callable[[float], None], monotonic: Callable[[], float]
) -> duckdb.DuckDBPyConnection:
    """Return a connection that holds the file, once nobody else does."""
    until = monotonic() + wait_seconds
    while True:
        try:
            return _attached(path)
        except duckdb.Error as error:
            if "could not set lock" not in str(error).lower():
                raise LedgerError(
                    f"the ledger {path} cannot be opened ({str(error).splitlines()[0][:200]}): restore it from a copy, or move it away "
                    "and run once with mode=baseline (setting `ledger`)"
                ) from error
            if monotonic() >= until:
                raise LedgerError(
                    f"the ledger {path} is in use by another run: wait for it, raise `lock_wait_seconds`, or name another file in `ledger`"
                ) from error
            sleep(0.5)


def _attached(path: str) -> duckdb.DuckDBPyConnection:
    """Return a connection in which the file is the place of all tables."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": "1",
        "memory_limit": "32MB",
        "preserve_insertion_order": "false",
        "checkpoint_threshold": "16MB",
    }
    db = duckdb.connect(":memory:", config=config)
    try:
        # A checkpoint writes anew every row group that changed: small ones keep it short.
        options = "" if "://" in path else " (ROW_GROUP_SIZE 8192)"
        quoted = path.replace("'", "''")
        db.execute(f"ATTACH '{quoted}' AS ledger{options}")
        db.execute("USE ledger")
        db.execute(_LISTED)
    except duckdb.Error:
        db.close()
        raise
    return db


def _expect_ledger(path: Path) -> None:
    """Raise `LedgerError` for a path that cannot be a ledger: DuckDB would read other data files into memory, and forget."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and _beginning(path)[8:] != b"DUCK":
            raise LedgerError(
                f"{path} is no DuckDB file, so not a ledger (an empty or broken one: restore it from a copy, or move it away and "
                "run once with mode=baseline); name another file in `ledger`"
            )
    except OSError as error:
        raise LedgerError(
            f"the ledger {path} cannot be used ({error.strerror}): name another file in `ledger`"
        ) from error


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def _check_version(db: duckdb.DuckDBPyConnection, path: str, now: Callable[[], datetime]) -> None:
    tables = {
        name
        for (name,) in db.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
    }
    if not tables:
        db.execute("BEGIN")
        db.execute(files("target_segment.ledger").joinpath("ledger.sql").read_text("utf-8"))
        db.execute("INSERT INTO ledger VALUES ($1, $2)", [VERSION, _naive(now())])
        db.execute("COMMIT")
        return
    if "ledger" not in tables:
        raise LedgerError(f"{path} is a DuckDB file, but not a ledger: name another file in `ledger`")
    version = db.execute("SELECT max(version) FROM ledger").fetchall()[0][0]
    if version == 1:
        _give_keys(db)
    elif version == VERSION:
        # The first of version 2 had no such column.
        db.execute("ALTER TABLE memory ADD COLUMN IF NOT EXISTS seen_before TIMESTAMP")
    else:
        raise LedgerError(
            f"the ledger {path} is of version {version}, this program knows {VERSION}: install the newer program, or name another file in `ledger`"
        )


def _give_keys(db: duckdb.DuckDBPyConnection) -> None:
    """Bring a ledger of version 1 to version 2: its rows of memory get the hash by which they are looked up."""
    making = files("target_segment.ledger").joinpath("ledger.sql").read_text("utf-8")
    table, view = (
        f"CREATE {kind}" + making.partition(f"CREATE {kind}")[2].partition(";")[0]
        for kind in ("TABLE memory", "VIEW")
    )
    db.execute("BEGIN")
    db.execute("DROP VIEW fates; ALTER TABLE memory RENAME TO older")
    db.execute(table)
    (last,) = db.execute("SELECT coalesce(max(rowid), -1) FROM older").fetchall()[0]
    for first in range(0, last + 1, _AT_ONCE):
        part = [first, first + _AT_ONCE]
        rows = db.execute(
            "SELECT rowid, source, platform, shop, stream, subject FROM older WHERE rowid >= $1 AND rowid < $2",
            part,
        ).fetchall()
        keys = [
            row_key(source, (platform, shop), (stream, subject))
            for _, source, platform, shop, stream, subject in rows
        ]
        db.execute(
            "INSERT INTO memory SELECT key, source, platform, shop, stream, subject, instant, seen_at, NULL, form, remembered, batch_group"
            " FROM older JOIN (SELECT unnest($3::BIGINT[]) AS place, unnest($4::UBIGINT[]) AS key) AS keys ON older.rowid = keys.place"
            " WHERE older.rowid >= $1 AND older.rowid < $2",
            [*part, [place for place, *_ in rows], keys],
        )
    db.execute("DROP TABLE older")
    db.execute(view)
    db.execute("UPDATE ledger SET version = 2")
    db.execute("COMMIT")


_AT_ONCE = 20_000
