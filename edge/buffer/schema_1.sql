-- One file holds everything the cloud has not yet acknowledged. Version: PRAGMA user_version.

-- Every start of the gateway: rows are keyed by (stream, boot_epoch, sequence), so a key never
-- comes back with other content, whatever happens to the clock or to this file.
CREATE TABLE boots (
    epoch       INTEGER PRIMARY KEY,
    started_us  INTEGER NOT NULL,           -- microseconds since 1970, UTC
    vehicle_id  TEXT NOT NULL               -- where the rows of this epoch were captured
) STRICT;

-- Rows waiting for the cloud. A row leaves only by an acknowledgement, or to quarantine.
CREATE TABLE held (
    -- Order of capture over all streams. Never reused: a lane is read on from the last id seen.
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    stream          INTEGER NOT NULL,       -- 0 numerics and devices, 1 waveforms
    boot_epoch      INTEGER NOT NULL,
    sequence        INTEGER NOT NULL,       -- from 1, without gaps, in its stream and epoch
    observation_id  BLOB,                   -- the measurement's identity; NULL for a device row
    measured        INTEGER NOT NULL,       -- the device's own time as a number: see below
    captured_us     INTEGER NOT NULL,
    crc             INTEGER NOT NULL,       -- CRC-32 over key, identity and body
    body            BLOB NOT NULL           -- the row in the uplink contract's binary form
) STRICT;
CREATE INDEX held_in_order ON held (stream, id);
-- One reading is held once. Identities are spread at random: an index over them alone would dirty
-- a page for every row. A repeat carries the device's time again, so with that in front new
-- entries stand side by side and a commit of a hundred rows writes a few pages, not a hundred.
CREATE UNIQUE INDEX held_once ON held (measured, observation_id) WHERE observation_id IS NOT NULL;

-- Rows the cloud refuses for ever, or whose octets no longer match their CRC, and why.
CREATE TABLE quarantine (
    id              INTEGER PRIMARY KEY,
    stream          INTEGER NOT NULL,
    boot_epoch      INTEGER NOT NULL,
    sequence        INTEGER NOT NULL,
    observation_id  BLOB,
    captured_us     INTEGER NOT NULL,
    body            BLOB NOT NULL,
    reason          TEXT NOT NULL,
    moved_us        INTEGER NOT NULL
) STRICT;

-- Counts that must outlive a restart: rows ever stored, settled, quarantined, dropped.
CREATE TABLE totals (
    name   TEXT PRIMARY KEY,
    amount INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
