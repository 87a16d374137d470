-- migration: tick_slots
-- summary: Once per window: the last window of each tick, and how far a batched one has come.
-- table: tick_slots
-- table: tick_shares

CREATE TABLE tick_slots (
  tick       text    NOT NULL,
  target     text    NOT NULL,                    -- the first table that it names: "public"."players"
  window_s   numeric CHECK (window_s > 0),        -- of the slot below; NULL until the first claim
  slot       bigint,                              -- floor(epoch / window_s) of the last window claimed
  token      bigint  NOT NULL DEFAULT 0,          -- fencing token: one more with each claim
  state      text    NOT NULL DEFAULT 'done' CHECK (state IN ('working', 'done')),
  strategy   text,
  params     jsonb,                               -- what a run that goes on must have too
  claimed_at timestamptz,
  PRIMARY KEY (tick, target)
);

-- The key space of a batched tick while its window is being worked on. Every batch moves its share's
-- after_key in its own transaction, so that the two cannot disagree.
CREATE TABLE tick_shares (
  tick      text   NOT NULL,
  target    text   NOT NULL,
  share     int    NOT NULL,
  token     bigint NOT NULL,                      -- who may write: the slot's token when it was taken
  after_key bigint,                               -- done up to and including; NULL for a queue
  upto_key  bigint,
  rows      bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tick, target, share),
  FOREIGN KEY (tick, target) REFERENCES tick_slots ON DELETE CASCADE
) WITH (fillfactor = 50);                         -- its updates stay on the page

ALTER TABLE tick_runs
  ADD COLUMN slot     bigint,                     -- NULL for a run on demand
  ADD COLUMN token    bigint,
  ADD COLUMN window_s numeric;
