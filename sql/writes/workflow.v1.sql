-- writes: workflow
-- summary: What is written most to Tasker's tables, in the order in which it is tried.

-- @write transition_demote
-- why: The latest transitions of two thousand steps stop being the most recent ones.

UPDATE :"workflow_step_transitions"
   SET most_recent = false, updated_at = now() AT TIME ZONE 'UTC'
 WHERE most_recent AND workflow_step_id IN (
         SELECT workflow_step_id FROM :"workflow_step_transitions" WHERE most_recent
          ORDER BY workflow_step_id LIMIT 2000);

-- @write transition_insert
-- why: Two thousand steps move on: a new transition each.

INSERT INTO :"workflow_step_transitions"
       (id, to_state, from_state, metadata, sort_key, most_recent, workflow_step_id, created_at,
        updated_at)
SELECT row_number() OVER () + (SELECT max(id) FROM :"workflow_step_transitions"), 'complete', to_state,
       '{}', sort_key + 10, true, workflow_step_id, now() AT TIME ZONE 'UTC',
       now() AT TIME ZONE 'UTC'
  FROM (SELECT DISTINCT ON (workflow_step_id) workflow_step_id, to_state, sort_key
          FROM :"workflow_step_transitions" t
         WHERE NOT EXISTS (SELECT FROM :"workflow_step_transitions" other
                            WHERE other.workflow_step_id = t.workflow_step_id AND other.most_recent)
         ORDER BY workflow_step_id, sort_key DESC LIMIT 2000) AS latest;

-- @write step_attempt
-- why: Two thousand steps are tried once more.

UPDATE :"workflow_steps"
   SET attempts = coalesce(attempts, 0) + 1, in_process = true,
       last_attempted_at = now() AT TIME ZONE 'UTC', updated_at = now() AT TIME ZONE 'UTC'
 WHERE workflow_step_id IN (
         SELECT workflow_step_id FROM :"workflow_steps" ORDER BY workflow_step_id LIMIT 2000);
