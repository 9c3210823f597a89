"""The rows of memory that one record is about: as decided just before, as the ledger found them, or new."""

from collections.abc import Iterable, Mapping, Sequence

from target_segment.remembered import Found, Key, Row, Scope, documents, piece, row_key, text_of


class Rows(dict[Key, Row]):
    """The rows that one record is about, made when they are first asked for: as last decided, else as found, else new.

    `found` is what the ledger holds, what was found later counts; `newest` what was decided just before, of which the ledger may
    not have heard, newest last. `keep` decides a record's rows: from then on they are in `decided`.
    """

    def __init__(
        self,
        source: str,
        scope: Scope,
        found: Iterable[Found],
        newest: Sequence[Mapping[Key, Found]] = (),
    ) -> None:
        super().__init__()
        self._source, self._scope = source, scope
        self.decided: dict[Key, Found] = {}
        self.replaced: dict[Key, None] = {}
        """The keys of those that there were before."""
        self._pieces: dict[Key, bytes] = {}
        self._before = [{(each.stream, each.subject): each for each in found}, *newest]

    def __missing__(self, key: Key) -> Row:
        row = self[key] = self._remembered(key) or Row(*key)
        return row

    def keep(self) -> None:
        """Remember what changed of these rows, while they are at hand; let them go."""
        for key, row in self.items():
            if row.changed:
                found = self.decided[key] = Found(
                    row.stream,
                    row.subject,
                    row.instant,
                    row.seen_at,
                    row.seen_before,
                    row.raw_hash,
                    text_of(row.memory),
                )
                self._pieces[key] = piece(row_key(self._source, self._scope, key), found)
                if row.replaces:
                    self.replaced[key] = None
        self.clear()

    def documents(self) -> list[bytes]:
        """Return what was decided as it goes into the ledger."""
        return list(documents(self._pieces.values()))

    def _remembered(self, key: Key) -> Row | None:
        for known in (self.decided, *reversed(self._before)):
            if found := known.get(key):
                return Row.of(found, replaces=known is not self.decided or key in self.replaced)
        return None
