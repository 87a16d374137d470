-- migration: bookkeeping
-- summary: What scalectl remembers of its own work: applied migrations and tick runs.
-- table: migrations
-- table: tick_runs

CREATE TABLE migrations (
  family           text        NOT NULL,               -- game, workflow, social, scalectl
  schema_name      text        NOT NULL,               -- where its tables are
  version          int         NOT NULL CHECK (version > 0),
  name             text        NOT NULL,
  checksum         text        NOT NULL,               -- SHA-256 of the file
  applied_at       timestamptz NOT NULL DEFAULT now(),
  applied_by       text        NOT NULL DEFAULT current_user,
  scalectl_version text        NOT NULL,
  PRIMARY KEY (family, schema_name, version)
);

CREATE TABLE tick_runs (
  run_id      bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tick        text             NOT NULL,
  schema_name text             NOT NULL,               -- where the ticked tables are
  strategy    text             NOT NULL,
  params      jsonb            NOT NULL,
  started_at  timestamptz      NOT NULL,
  elapsed_s   double precision NOT NULL CHECK (elapsed_s >= 0),
  threshold_s double precision NOT NULL CHECK (threshold_s > 0),
  band        text             NOT NULL,
  rows        bigint           NOT NULL CHECK (rows >= 0),
  statements  bigint           NOT NULL,
  hot_ratio   double precision,                        -- NULL where no row was updated
  wal_bytes   bigint           NOT NULL
);

CREATE INDEX tick_runs_recent ON tick_runs (tick, schema_name, started_at DESC);
