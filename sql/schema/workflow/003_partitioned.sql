-- migration: partitioned
-- optional: partitioned
-- prefix: tasker_
-- summary: Transitions partitioned: the most_recent ones, and the others by month. Moves the rows; locks both tables.
-- replaces: task_transitions
-- replaces: workflow_step_transitions
-- function: make_months(anyelement, timestamp, timestamp)
-- function: make_transition_months(timestamp, timestamp)
-- upkeep: make_transition_months

-- What is true now is in "…_current", whose size goes with the steps and not with their pasts. The past
-- is in "…_history", a partition for each month and one for what has no month yet. A row that is no
-- longer most_recent moves from the one to the other. Partitions share the columns, the foreign key and
-- the identity of the whole. PostgreSQL keeps a unique index over several partitions only if it names
-- what divides them: id and (parent, sort_key) are unique within each partition, and the one
-- most_recent row of a parent, which all of them share a partition with, is unique altogether.

ALTER TABLE :"task_transitions" RENAME TO :"task_transitions_plain";
ALTER TABLE :"workflow_step_transitions" RENAME TO :"workflow_step_transitions_plain";

CREATE TABLE :"task_transitions" (
  LIKE :"task_transitions_plain" INCLUDING DEFAULTS INCLUDING IDENTITY
) PARTITION BY LIST (most_recent);

CREATE TABLE :"task_transitions_current" PARTITION OF :"task_transitions" (
  PRIMARY KEY (id),
  UNIQUE (task_id, sort_key)
) FOR VALUES IN (true);

CREATE UNIQUE INDEX ON :"task_transitions_current" (task_id, most_recent) WHERE most_recent;

CREATE TABLE :"task_transitions_history" PARTITION OF :"task_transitions"
   FOR VALUES IN (false) PARTITION BY RANGE (created_at);

CREATE TABLE :"task_transitions_history_default" PARTITION OF :"task_transitions_history" (
  PRIMARY KEY (id),
  UNIQUE (task_id, sort_key)
) DEFAULT;

CREATE TABLE :"workflow_step_transitions" (
  LIKE :"workflow_step_transitions_plain" INCLUDING DEFAULTS INCLUDING IDENTITY
) PARTITION BY LIST (most_recent);

CREATE TABLE :"workflow_step_transitions_current" PARTITION OF :"workflow_step_transitions" (
  PRIMARY KEY (id),
  UNIQUE (workflow_step_id, sort_key)
) FOR VALUES IN (true);

CREATE UNIQUE INDEX ON :"workflow_step_transitions_current" (workflow_step_id, most_recent)
 WHERE most_recent;

CREATE TABLE :"workflow_step_transitions_history" PARTITION OF :"workflow_step_transitions"
   FOR VALUES IN (false) PARTITION BY RANGE (created_at);

CREATE TABLE :"workflow_step_transitions_history_default"
   PARTITION OF :"workflow_step_transitions_history" (
  PRIMARY KEY (id),
  UNIQUE (workflow_step_id, sort_key)
) DEFAULT;

-- Makes the missing months of the partitioned table that "transitions" is a row of: those of its
-- current rows (whose history will be there) and of the rows without a month, from this month to the
-- third from now, and from "since" to "until". Moves the rows that have waited for them. Returns what
-- it made, in words. Safe to run at any time and from several places at once.
CREATE FUNCTION :"make_months"(transitions anyelement, since timestamp, until timestamp)
RETURNS SETOF text
LANGUAGE plpgsql
AS $$
DECLARE
  whole      regclass := (SELECT typrelid FROM pg_type WHERE oid = pg_typeof(transitions));
  history    regclass;
  monthless  regclass;
  place      text;
  name       text;
  owner      text;
  month      timestamp;
  partition  text;
  moved      bigint;
  this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
BEGIN
  SELECT c.oid, p.partdefid, n.nspname, c.relname, pg_get_userbyid(c.relowner)
    INTO STRICT history, monthless, place, name, owner
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_partitioned_table p ON p.partrelid = c.oid
   WHERE i.inhparent = whole;
  EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', history);
  FOR month IN EXECUTE format(
    'SELECT DISTINCT date_trunc(''month'', at)'
    '  FROM (SELECT created_at FROM %s WHERE most_recent'
    '        UNION ALL SELECT created_at FROM %s'
    '        UNION ALL SELECT generate_series($1, $1 + interval ''3 months'', ''1 month'')'
    '        UNION ALL SELECT generate_series(date_trunc(''month'', $2), $3, ''1 month'')) AS needed (at)'
    ' WHERE isfinite(at) ORDER BY 1', whole, monthless) USING this_month, since, until
  LOOP
    partition := format('%I.%I', place, name || to_char(month, '"_"YYYY"_"MM'));
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', partition, monthless);
    EXECUTE format('ALTER TABLE %s OWNER TO %I', partition, owner);
    EXECUTE format('WITH moved AS (DELETE FROM %s WHERE created_at >= $1 AND created_at < $2'
                   '               RETURNING *) INSERT INTO %s SELECT * FROM moved',
                   monthless, partition) USING month, month + interval '1 month';
    GET DIAGNOSTICS moved = ROW_COUNT;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                   history, partition, month, month + interval '1 month');
    RETURN NEXT format('partition %s, and moved %s rows into it', partition, moved);
  END LOOP;
END
$$;

CREATE FUNCTION :"make_transition_months"(since timestamp DEFAULT NULL, until timestamp DEFAULT NULL)
RETURNS SETOF text
LANGUAGE sql
BEGIN ATOMIC
  SELECT :"make_months"(NULL:::"task_transitions", since, until)
  UNION ALL
  SELECT :"make_months"(NULL:::"workflow_step_transitions", since, until);
END;

-- The current rows first: the months that the others need are mostly theirs.
INSERT INTO :"task_transitions" SELECT * FROM :"task_transitions_plain" WHERE most_recent;
INSERT INTO :"workflow_step_transitions"
SELECT * FROM :"workflow_step_transitions_plain" WHERE most_recent;

SELECT :"make_transition_months"();

INSERT INTO :"task_transitions" SELECT * FROM :"task_transitions_plain" WHERE NOT most_recent;
INSERT INTO :"workflow_step_transitions"
SELECT * FROM :"workflow_step_transitions_plain" WHERE NOT most_recent;

SELECT :"make_transition_months"();

SELECT setval(pg_get_serial_sequence(pg_typeof(NULL:::"task_transitions")::text, 'id'),
              greatest(max(id) + 1,
                       nextval(pg_get_serial_sequence(
                         pg_typeof(NULL:::"task_transitions_plain")::text, 'id'))), false)
  FROM :"task_transitions_plain";
SELECT setval(pg_get_serial_sequence(pg_typeof(NULL:::"workflow_step_transitions")::text, 'id'),
              greatest(max(id) + 1,
                       nextval(pg_get_serial_sequence(
                         pg_typeof(NULL:::"workflow_step_transitions_plain")::text, 'id'))), false)
  FROM :"workflow_step_transitions_plain";

-- Checked once for all rows, instead of once for each.
ALTER TABLE :"task_transitions" ADD FOREIGN KEY (task_id) REFERENCES :"tasks";
ALTER TABLE :"workflow_step_transitions"
  ADD FOREIGN KEY (workflow_step_id) REFERENCES :"workflow_steps";

DROP TABLE :"task_transitions_plain", :"workflow_step_transitions_plain";

ANALYZE :"task_transitions";
ANALYZE :"workflow_step_transitions";
