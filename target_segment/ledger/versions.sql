-- How the tables of one version become those of the next, in DuckDB's words. What a released program did is not changed any more:
-- ledgers of every version are in use. The view is of the newest version always, so it is dropped before and made anew after.

-- name: drop_fates
-- Before any step: the view reads columns that steps rename.
DROP VIEW IF EXISTS fates;

-- name: v2_set_aside_memory
-- Version 2 gives each row of memory the hash by which it is looked up, so the rows of version 1 move into a table of its own.
ALTER TABLE memory RENAME TO older;

-- name: v2_make_memory
-- The table of version 2.
CREATE TABLE memory (
    key UBIGINT NOT NULL,
    source VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    shop VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    instant TIMESTAMP,
    seen_at TIMESTAMP,
    seen_before TIMESTAMP,
    form UUID,
    remembered VARCHAR USING COMPRESSION zstd NOT NULL,
    batch_group BIGINT NOT NULL
);

-- name: v2_last_place
-- Where the last row of version 1 lies.
SELECT coalesce(max(rowid), -1) FROM older;

-- name: v2_rows
-- Some rows of version 1: where each lies, and what its hash is made of.
SELECT rowid, source, platform, shop, stream, subject FROM older WHERE rowid >= $first AND rowid < $beyond;

-- name: v2_move_rows
-- Move them, each with its key.
INSERT INTO memory
SELECT key, source, platform, shop, stream, subject, instant, seen_at, NULL, form, remembered, batch_group
FROM older JOIN (SELECT unnest($places::BIGINT[]) AS place, unnest($keys::UBIGINT[]) AS key) AS keys ON older.rowid = keys.place
WHERE older.rowid >= $first AND older.rowid < $beyond;

-- name: v2_drop_older
-- Nothing is left in it.
DROP TABLE older;

-- name: v3_add_seen_before
-- The first of version 2 had no such column.
ALTER TABLE memory ADD COLUMN IF NOT EXISTS seen_before TIMESTAMP;

-- name: v3_changed_at
-- Version 3 calls every instant `…_at`. Renaming writes no row anew.
ALTER TABLE memory RENAME instant TO changed_at;

-- name: v3_seen_before_at
-- As above.
ALTER TABLE memory RENAME seen_before TO seen_before_at;

-- name: v3_raw_hash
-- And the hash of a raw record says what it is.
ALTER TABLE memory RENAME form TO raw_hash;

-- name: v3_receipts_occurred_at
-- When it happened.
ALTER TABLE receipts RENAME occurred TO occurred_at;

-- name: v3_told_at
-- When Segment acknowledged it.
ALTER TABLE receipts RENAME told TO told_at;

-- name: v3_intended_at
-- When it was intended.
ALTER TABLE outbox RENAME intended TO intended_at;

-- name: v3_refused_occurred_at
-- When what was refused had happened.
ALTER TABLE refused RENAME occurred TO occurred_at;

-- name: v3_started_at
-- When a run began.
ALTER TABLE runs RENAME started TO started_at;

-- name: v3_ended_at
-- And when it ended.
ALTER TABLE runs RENAME ended TO ended_at;
