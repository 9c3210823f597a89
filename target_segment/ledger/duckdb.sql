-- What is asked of the ledger and what is done to it, in DuckDB's words: one statement under each name, its parameters by name.
--
-- Lists move in bulk, as one JSON document or one text with commas between its words: a row costs DuckDB 2 µs so, and a
-- millisecond each by itself. Either has to look like a column, hence the selects from `unnest([$given])`: what is constant, a list
-- or `from_json` of a text, DuckDB makes into one boxed value after the other.

-- ------------------------------------------------------------------------------------------------------ the ledger itself

-- name: tables
-- The tables that the file has.
SELECT table_name FROM duckdb_tables() WHERE database_name = current_database();

-- name: version
-- Of which version the tables are.
SELECT max(version) FROM ledger;

-- name: note_version
-- Note of which version the tables are that were just made.
INSERT INTO ledger VALUES ($version, $made_at);

-- name: raise_version
-- Note of which version the tables are that were brought up to date.
UPDATE ledger SET version = $version;

-- name: make_listed
-- The words of a text with commas between them, as rows: looks like a column, so that DuckDB does not box each of them.
CREATE TEMP MACRO listed(words) AS TABLE
SELECT unnest(string_split(given, ',')) AS each FROM (SELECT unnest([words]) AS given);

-- ----------------------------------------------------------------------------------------------------------------- memory

-- name: seen_so
-- Which of these raw records were seen in exactly this form.
SELECT replace(raw_hash::VARCHAR, '-', '') FROM memory WHERE raw_hash IN (SELECT each::UUID FROM listed($hashes));

-- name: note_seen
-- Note that raw records were read again, at these instants in microseconds.
UPDATE memory SET seen_at = make_timestamp(seen.at), seen_before_at = seen_at
FROM (SELECT unnest($hashes::VARCHAR[])::UUID AS raw_hash, unnest($instants::BIGINT[]) AS at) AS seen
WHERE memory.raw_hash = seen.raw_hash AND (seen_at IS NULL OR seen_at < make_timestamp(seen.at));

-- name: places_of_keys
-- Where the rows under these keys lie.
SELECT rowid FROM memory WHERE key IN (SELECT each::UBIGINT FROM listed($keys));

-- name: rows_at_places
-- The rows that lie at these places, older before newer. The wide column is read only there: scanned whole it would push all else out.
SELECT key, subject, epoch_us(changed_at), epoch_us(seen_at), epoch_us(seen_before_at), raw_hash::VARCHAR, remembered
FROM memory
WHERE rowid BETWEEN $first AND $last AND rowid IN (SELECT each::BIGINT FROM listed($places))
ORDER BY batch_group;

-- name: remember
-- Add a document's rows to memory; see `remembered.piece`.
INSERT INTO memory (
    key, source, platform, shop, stream, subject, changed_at, seen_at, seen_before_at, raw_hash, remembered, batch_group
)
SELECT r.k, $source, $platform, $shop, r.t, r.s, r.i, r.n, r.b, r.f, r.r, $batch_group
FROM (
    SELECT unnest(from_json(given, '[{"k":"UBIGINT","t":"VARCHAR","s":"VARCHAR","i":"TIMESTAMP","n":"TIMESTAMP","b":"TIMESTAMP","f":"UUID","r":"VARCHAR"}]')) AS r
    FROM (SELECT unnest([$document]) AS given)
);

-- name: rewrite_row
-- Write anew what is remembered under a key.
UPDATE memory SET remembered = $remembered, raw_hash = $raw_hash WHERE key = $key;

-- name: replace_remembered
-- Write anew what is remembered at these places.
UPDATE memory SET remembered = fresh.content
FROM (SELECT unnest($places::BIGINT[]) AS place, unnest($contents::VARCHAR[]) AS content) AS fresh
WHERE memory.rowid = fresh.place;

-- name: forget_raw_hashes
-- Let every record be looked at anew when it is next read.
UPDATE memory SET raw_hash = NULL WHERE source = $source;

-- name: settle_keys
-- Let go of the rows of these keys that a group replaced.
DELETE FROM memory WHERE batch_group < $batch_group AND key IN (SELECT each::UBIGINT FROM listed($keys));

-- name: settle_all
-- Let go of every row that a newer one replaces.
DELETE FROM memory USING memory AS newer WHERE memory.batch_group < newer.batch_group AND memory.key = newer.key;

-- name: take_back_rows
-- Let go of the first group that is intended and of all after it: later groups build on it, also those that tell nothing themselves.
DELETE FROM memory
WHERE source = $source AND batch_group >= (SELECT min(batch_group) FROM outbox WHERE source = $source);

-- name: is_anything_remembered
-- A row if this source remembers anything.
SELECT 1 FROM memory WHERE source = $source LIMIT 1;

-- name: newest_group_remembered
-- The number of the newest group in memory.
SELECT coalesce(max(batch_group), 0) FROM memory;

-- name: shops
-- The shops that a source knows.
SELECT DISTINCT platform, shop FROM memory WHERE source = $source ORDER BY ALL;

-- name: sources_of_the_same_shops
-- The sources that know one of the shops of this one.
SELECT DISTINCT source FROM memory
WHERE (platform, shop) IN (SELECT (platform, shop) FROM memory WHERE source = $source)
ORDER BY source;

-- name: remembered_with_refunded
-- All that a source remembers, where it lies, and for refunds the money told of them.
SELECT rowid, remembered, refunded
FROM memory
LEFT JOIN (
    SELECT source, platform, shop, 'refunds' AS stream, subject, sum(amount) AS refunded
    FROM receipts WHERE transition = 'order_refunded' GROUP BY ALL
) USING (source, platform, shop, stream, subject)
WHERE source = $source;

-- name: remembered_under
-- What is remembered under these keys, and where it lies.
SELECT rowid, remembered FROM memory WHERE key IN (SELECT unnest($keys::UBIGINT[]));

-- name: identities_known_by
-- The identities that may be of a person: by name, by who spoke of them, by whom they were linked with, by the mark of an e-mail.
SELECT platform, shop, subject, remembered FROM memory
WHERE source = $source AND stream = 'identify' AND NOT starts_with(subject, 'forgotten:')
  AND (subject IN (SELECT unnest($people::VARCHAR[]))
       OR remembered ->> '$.speaker' IN (SELECT unnest($customers::VARCHAR[]))
       OR list_has_any(json_keys(remembered, '$.fates'), $links::VARCHAR[])
       OR split_part(remembered ->> '$.states.identify[1]', ',', 1) IN (SELECT unnest($marks::VARCHAR[])));

-- name: orders_told_for_guests
-- The orders that were told under one of these anonymousIds, and which it was.
SELECT platform, shop, stream, subject, remembered ->> '$.guest' FROM memory
WHERE source = $source AND stream = 'orders' AND remembered ->> '$.guest' IN (SELECT unnest($people::VARCHAR[]));

-- name: foreign_keys_with_names
-- The records of other taps whose key holds one of these names, and whether they were told of these people.
SELECT DISTINCT platform, shop, stream, subject, theirs
FROM (
    SELECT platform, shop, stream, subject, false AS theirs FROM memory WHERE source = $source
    UNION ALL
    SELECT platform, shop, transition, subject, person IN (SELECT unnest($people::VARCHAR[])) FROM receipts WHERE source = $source
)
JOIN (SELECT unnest($names::VARCHAR[]) AS name) ON contains(lower(subject), name)
WHERE contains(stream, '.') AND NOT starts_with(subject, 'forgotten');

-- name: unbury
-- Let go of rows under these keys with these subjects, before a tombstone takes their place.
DELETE FROM memory
WHERE key IN (SELECT unnest($keys::UBIGINT[])) AND subject IN (SELECT unnest($subjects::VARCHAR[]));

-- name: bury
-- Put tombstones: rows that remember one and the same thing.
INSERT INTO memory (key, source, platform, shop, stream, subject, remembered, batch_group)
SELECT unnest($keys::UBIGINT[]), $source, unnest($platforms::VARCHAR[]), unnest($shops::VARCHAR[]), unnest($streams::VARCHAR[]),
       unnest($tombstones::VARCHAR[]), $remembered, $batch_group;

-- --------------------------------------------------------------------------------------------------------------- receipts

-- name: write_receipts
-- Write the receipts of a document; see `batch.Receipt`.
INSERT INTO receipts
SELECT r.m, $source, r.l, r.h, r.t, r.e, r.s, r.p, r.o, $told_at, r.a, r.c, $run
FROM (
    SELECT unnest(from_json(given, '[{"m":"UUID","l":"VARCHAR","h":"VARCHAR","t":"VARCHAR","e":"VARCHAR","s":"VARCHAR","p":"VARCHAR","o":"TIMESTAMP","a":"DECIMAL(24,6)","c":"VARCHAR"}]')) AS r
    FROM (SELECT unnest([$document]) AS given)
);

-- name: is_anything_receipted
-- A row if Segment has ever acknowledged anything of this source.
SELECT 1 FROM receipts WHERE source = $source LIMIT 1;

-- name: forget_receipts
-- Forget that these transitions were told.
DELETE FROM receipts WHERE source = $source AND transition IN (SELECT unnest($transitions::VARCHAR[]));

-- name: told_of_people
-- Of whom of these people anything was told in which shop, and under which customer's number where it was about one.
SELECT DISTINCT person, platform, shop, CASE WHEN starts_with(transition, 'customer_') THEN subject END
FROM receipts WHERE source = $source AND person IN (SELECT unnest($people::VARCHAR[]));

-- name: subjects_told_of_people
-- What was told of these people, and of which subject.
SELECT DISTINCT platform, shop, transition, subject FROM receipts
WHERE source = $source AND person IN (SELECT unnest($people::VARCHAR[]));

-- name: forget_people_in_receipts
-- Take the names of people out of the account: a row for each receipt that held one.
UPDATE receipts SET
    person = $forgotten,
    subject = CASE WHEN transition IN ('identify', 'identity_linked', 'alias') OR starts_with(transition, 'customer_')
              THEN $forgotten ELSE subject END
WHERE source = $source
  AND (person IN (SELECT unnest($people::VARCHAR[]))
       OR (starts_with(transition, 'customer_')
           AND (platform || chr(31) || shop || chr(31) || subject) IN (SELECT unnest($customers::VARCHAR[]))))
RETURNING 1;

-- name: forget_foreign_keys_in_receipts
-- Take the keys of other taps' records that hold a name out of the account.
UPDATE receipts SET subject = $forgotten
WHERE source = $source AND contains(transition, '.')
  AND concat_ws(chr(31), platform, shop, transition, subject) IN (SELECT unnest($keys::VARCHAR[]));

-- ----------------------------------------------------------------------------------------------------------------- outbox

-- name: intend_batch
-- Put a batch into the outbox.
INSERT INTO outbox VALUES (
    $id, $source, $batch_group, $events, $people, $deflated, $size, $crc, $about, $intended_at, $run
);

-- name: intended_ids
-- The numbers of the batches of a source, oldest first.
SELECT id FROM outbox WHERE source = $source ORDER BY id;

-- name: intended_batch
-- One batch of the outbox.
SELECT events, people, deflated, size, crc, about, epoch_us(intended_at) FROM outbox WHERE id = $id;

-- name: group_of_batch
-- The group that a batch of the outbox is of.
SELECT batch_group FROM outbox WHERE id = $id;

-- name: let_batches_go
-- Take batches out of the outbox.
DELETE FROM outbox WHERE id IN (SELECT unnest($ids::BIGINT[]));

-- name: empty_outbox
-- Take every batch of a source out of the outbox.
DELETE FROM outbox WHERE source = $source;

-- name: is_anything_intended
-- A row if anything of this source is intended and without a receipt.
SELECT 1 FROM outbox WHERE source = $source LIMIT 1;

-- name: next_batch_intended
-- The number that the next batch may have.
SELECT coalesce(max(id), 0) + 1 FROM outbox;

-- name: newest_group_intended
-- The number of the newest group in the outbox.
SELECT coalesce(max(batch_group), 0) FROM outbox;

-- ---------------------------------------------------------------------------------------------------------------- refused

-- name: refuse
-- Set something aside that could not be told.
INSERT INTO refused VALUES (
    $source, $platform, $shop, $fate, $stream, $transition, $subject, $message_id, $reason, $payload, $occurred_at, $refused_at, $run
);

-- name: is_refused
-- A row if this very record was set aside before.
SELECT 1 FROM refused WHERE source = $source AND message_id = $message_id::UUID LIMIT 1;

-- name: take_rejected
-- Take the rejected transitions out. Not those of a running total: which part of it was rejected is not remembered.
DELETE FROM refused WHERE source = $source AND fate = $fate AND transition <> 'order_refunded'
RETURNING platform, shop, stream, transition, subject;

-- name: all_refused
-- All that was set aside, and where it lies.
SELECT rowid, platform, shop, fate, stream, transition, subject, reason, payload FROM refused WHERE source = $source;

-- name: forget_refused
-- Let go of what was set aside at these places.
DELETE FROM refused WHERE rowid IN (SELECT unnest($places::BIGINT[]));

-- name: empty_refused
-- Take payload and reason from what was set aside at these places, and the subject where it names somebody.
UPDATE refused SET
    payload = NULL,
    reason = $forgotten,
    subject = CASE WHEN rowid IN (SELECT unnest($nameless::BIGINT[])) THEN $forgotten ELSE subject END
WHERE rowid IN (SELECT unnest($places::BIGINT[]));

-- ------------------------------------------------------------------------------------------------------------------ watch

-- name: watched
-- Since when each transition of a shop is told.
SELECT transition, condition, epoch_us(since), generation FROM watch
WHERE source = $source AND platform = $platform AND shop = $shop;

-- name: watch
-- Remember since when a transition of a shop is told.
INSERT INTO watch VALUES ($source, $platform, $shop, $transition, $condition, $since, $generation);

-- name: unwatch
-- Forget since when a transition of a shop is told.
DELETE FROM watch WHERE source = $source AND platform = $platform AND shop = $shop AND transition = $transition;

-- name: unwatch_all
-- Forget since when anything of a source is told.
DELETE FROM watch WHERE source = $source;

-- name: raise_generation
-- Let these transitions be told under other ids from now on.
UPDATE watch SET generation = generation + 1
WHERE source = $source AND transition IN (SELECT unnest($transitions::VARCHAR[]));

-- name: sources_of_shop
-- The sources under which a shop is known.
SELECT DISTINCT source FROM watch WHERE platform = $platform AND shop = $shop ORDER BY source;

-- ------------------------------------------------------------------------------------------------------------------- runs

-- name: next_run
-- The number of the next run.
SELECT coalesce(max(run), 0) + 1 FROM runs;

-- name: was_last_run_killed
-- 1 if the last run has no end, else 0.
SELECT count(*) FROM runs WHERE run = (SELECT max(run) FROM runs) AND ended_at IS NULL;

-- name: begin_run
-- Note that a run began.
INSERT INTO runs (run, source, mode, started_at) VALUES ($run, $source, $mode, $started_at);

-- name: end_run
-- Write what a run read, told, knew and waited for.
UPDATE runs SET
    ended_at = $ended_at, outcome = $outcome, records = $records, unchanged = $unchanged, told = $told, refused = $refused,
    waited_seconds = $waited_seconds, counts = $counts
WHERE run = $run;
