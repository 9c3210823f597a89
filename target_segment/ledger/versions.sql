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

-- name: v2_add_seen_before
-- The first of version 2 had no such column.
ALTER TABLE memory ADD COLUMN IF NOT EXISTS seen_before TIMESTAMP;
