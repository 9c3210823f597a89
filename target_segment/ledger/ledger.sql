-- The ledger: one file, one writer at a time. Times are UTC. People may read it; docs/ledger.md explains each table.
-- Whoever changes a column adds a step to versions.py: files of every version are in use.

CREATE TABLE ledger (
    version INTEGER NOT NULL,              -- of this schema
    made_at TIMESTAMP NOT NULL
);

CREATE TABLE memory (                      -- what was last seen of each subject, and the fate of each of its transitions
    key UBIGINT NOT NULL,                  -- the hash of source, platform, shop, stream and subject: what a lookup scans
    source VARCHAR NOT NULL,               -- the Segment source: fingerprint, or the setting `segment_source`
    platform VARCHAR NOT NULL,
    shop VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,               -- orders, refunds, fulfillments, customers, or identify (a Segment identity)
    subject VARCHAR NOT NULL,
    changed_at TIMESTAMP,                  -- the instant of the newest snapshot
    seen_at TIMESTAMP,                     -- when it was last read, by the shop's clock
    seen_before_at TIMESTAMP,              -- and when before that
    raw_hash UUID,                         -- the hash of the raw record as it was last read, and of the settings
    remembered VARCHAR USING COMPRESSION zstd NOT NULL,  -- fates, states, totals, parts, as JSON
    batch_group BIGINT NOT NULL            -- the group of batches with whose intent it was written
);

CREATE TABLE receipts (                    -- append-only: one row per event that Segment acknowledged
    message_id UUID NOT NULL,
    source VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    shop VARCHAR NOT NULL,
    transition VARCHAR NOT NULL,
    event VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    person VARCHAR NOT NULL,               -- userId, else anonymousId
    occurred_at TIMESTAMP NOT NULL,        -- the event's timestamp
    told_at TIMESTAMP NOT NULL,            -- when Segment acknowledged it
    amount DECIMAL(24, 6),
    currency VARCHAR,
    run INTEGER NOT NULL
);

CREATE TABLE outbox (                      -- batches intended and not yet receipted
    id BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    batch_group BIGINT NOT NULL,
    events INTEGER NOT NULL,
    people VARCHAR[] NOT NULL,             -- whose events travel in it
    deflated BLOB USING COMPRESSION uncompressed NOT NULL,  -- the batch's own events, compressed
    size BIGINT NOT NULL,
    crc UBIGINT NOT NULL,
    about BLOB USING COMPRESSION uncompressed NOT NULL,  -- the receipts to write once Segment has acknowledged it, compressed
    intended_at TIMESTAMP NOT NULL,
    run INTEGER NOT NULL
);

CREATE TABLE refused (                     -- what could not be told: rejected events, malformed records
    source VARCHAR NOT NULL,
    platform VARCHAR,
    shop VARCHAR,
    fate VARCHAR NOT NULL,                 -- rejected, malformed
    stream VARCHAR NOT NULL,
    transition VARCHAR,
    subject VARCHAR,
    message_id UUID,
    reason VARCHAR NOT NULL,
    payload JSON,
    occurred_at TIMESTAMP,
    refused_at TIMESTAMP NOT NULL,
    run INTEGER NOT NULL
);

CREATE TABLE watch (                       -- since when each transition is told, and which telling of it this is
    source VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    shop VARCHAR NOT NULL,
    transition VARCHAR NOT NULL,
    condition VARCHAR NOT NULL,
    since TIMESTAMP NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE runs (                        -- what each run read, told, knew, waited for
    run INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    records BIGINT,
    unchanged BIGINT,
    told BIGINT,
    refused BIGINT,
    waited_seconds DOUBLE,
    outcome VARCHAR,
    counts JSON
);

CREATE VIEW fates AS                       -- one row per transition decided: what counts as told, and why
SELECT source, platform, shop, stream, subject, fate.key AS transition,
       fate.value ->> 0 AS fate, (fate.value ->> 1)::TIMESTAMP AS started_at, (fate.value ->> 2)::TIMESTAMP AS occurred_at
FROM memory, json_each(remembered, '$.fates') AS fate;
