-- view: step_readiness_status
-- summary: Right in every case of the golden matrix, and asked for tasks instead of for the world.
-- family: workflow
-- prefix: tasker_

-- @view step_readiness_statuses
-- summary: Every step, for reports: it scans. Workers ask the functions below for their tasks.
--   Backoff: explicit seconds first, else min(2^attempts, 30) s after the last failure, the exponent
--   clamped so that no number of attempts overflows. NULL attempts are none; a first try needs no
--   permission. Times are UTC, as Tasker writes them, whatever the session's time zone.
--   "SET scalectl.no_backoff = on" takes the waiting out, for tests.
--   OFFSET 0 keeps the planner from working the backoff out once for each column that needs it.

CREATE VIEW :"step_readiness_statuses" AS
SELECT b.workflow_step_id,
       b.task_id,
       b.named_step_id,
       b.name,
       b.current_state,
       b.dependencies_satisfied,
       retry.eligible AS retry_eligible,
       b.current_state IN ('pending', 'error')
         AND NOT b.in_process
         AND NOT b.processed
         AND b.dependencies_satisfied
         AND retry.eligible AS ready_for_execution,
       b.last_failure_at,
       b.backoff_ends_at AS next_retry_at,
       b.total_parents,
       b.completed_parents,
       b.attempts,
       b.retry_limit,
       b.backoff_request_seconds,
       b.last_attempted_at
  FROM (SELECT s.workflow_step_id,
               s.task_id,
               s.named_step_id,
               n.name,
               COALESCE(own.to_state, 'pending') AS current_state,
               COALESCE(parents.completed = parents.total, true) AS dependencies_satisfied,
               failure.created_at AS last_failure_at,
               CASE
                 WHEN s.backoff_request_seconds IS NOT NULL
                   THEN COALESCE(s.last_attempted_at, failure.created_at)
                        + s.backoff_request_seconds * interval '1 second'
                 ELSE failure.created_at
                      + LEAST(1 << LEAST(GREATEST(COALESCE(s.attempts, 0), 0), 5), 30)
                        * interval '1 second'
               END AS backoff_ends_at,
               COALESCE(parents.total, 0) AS total_parents,
               COALESCE(parents.completed, 0) AS completed_parents,
               s.attempts,
               COALESCE(s.retry_limit, 3) AS retry_limit,
               s.retryable,
               s.in_process,
               s.processed,
               s.backoff_request_seconds,
               s.last_attempted_at
          FROM :"workflow_steps" s
          JOIN :"named_steps" n ON n.named_step_id = s.named_step_id
          LEFT JOIN :"workflow_step_transitions" own
                 ON own.workflow_step_id = s.workflow_step_id AND own.most_recent
          LEFT JOIN (SELECT workflow_step_id, max(created_at) AS created_at
                       FROM :"workflow_step_transitions"
                      WHERE to_state = 'error'
                      GROUP BY workflow_step_id) failure
                 ON failure.workflow_step_id = s.workflow_step_id
          LEFT JOIN (SELECT e.to_step_id,
                            count(*) AS total,
                            count(*) FILTER (WHERE parent.to_state IN ('complete', 'resolved_manually'))
                              AS completed
                       FROM :"workflow_step_edges" e
                       LEFT JOIN :"workflow_step_transitions" parent
                              ON parent.workflow_step_id = e.from_step_id AND parent.most_recent
                      GROUP BY e.to_step_id) parents
                 ON parents.to_step_id = s.workflow_step_id
        OFFSET 0) b
 CROSS JOIN LATERAL (SELECT COALESCE(b.attempts, 0) < b.retry_limit
                            AND (COALESCE(b.attempts, 0) = 0 OR b.retryable)
                            AND (b.backoff_ends_at IS NULL
                                 OR b.backoff_ends_at <= now() AT TIME ZONE 'UTC'
                                 OR COALESCE(current_setting('scalectl.no_backoff', true), '') = 'on')
                            AS eligible) retry

-- @function step_readiness_for_tasks
-- summary: The same rows for a batch of tasks, each found by index.

CREATE FUNCTION :"step_readiness_for_tasks"(task_ids bigint[])
RETURNS TABLE (workflow_step_id bigint, task_id bigint, named_step_id int, name varchar,
               current_state varchar, dependencies_satisfied boolean, retry_eligible boolean,
               ready_for_execution boolean, last_failure_at timestamp, next_retry_at timestamp,
               total_parents bigint, completed_parents bigint, attempts int, retry_limit int,
               backoff_request_seconds int, last_attempted_at timestamp)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
SELECT b.workflow_step_id,
       b.task_id,
       b.named_step_id,
       b.name,
       b.current_state,
       b.dependencies_satisfied,
       retry.eligible AS retry_eligible,
       b.current_state IN ('pending', 'error')
         AND NOT b.in_process
         AND NOT b.processed
         AND b.dependencies_satisfied
         AND retry.eligible AS ready_for_execution,
       b.last_failure_at,
       b.backoff_ends_at AS next_retry_at,
       b.total_parents,
       b.completed_parents,
       b.attempts,
       b.retry_limit,
       b.backoff_request_seconds,
       b.last_attempted_at
  FROM (SELECT s.workflow_step_id,
               s.task_id,
               s.named_step_id,
               n.name,
               COALESCE(own.to_state, 'pending') AS current_state,
               COALESCE(parents.completed = parents.total, true) AS dependencies_satisfied,
               failure.created_at AS last_failure_at,
               CASE
                 WHEN s.backoff_request_seconds IS NOT NULL
                   THEN COALESCE(s.last_attempted_at, failure.created_at)
                        + s.backoff_request_seconds * interval '1 second'
                 ELSE failure.created_at
                      + LEAST(1 << LEAST(GREATEST(COALESCE(s.attempts, 0), 0), 5), 30)
                        * interval '1 second'
               END AS backoff_ends_at,
               COALESCE(parents.total, 0) AS total_parents,
               COALESCE(parents.completed, 0) AS completed_parents,
               s.attempts,
               COALESCE(s.retry_limit, 3) AS retry_limit,
               s.retryable,
               s.in_process,
               s.processed,
               s.backoff_request_seconds,
               s.last_attempted_at
          FROM :"workflow_steps" s
          JOIN :"named_steps" n ON n.named_step_id = s.named_step_id
          LEFT JOIN :"workflow_step_transitions" own
                 ON own.workflow_step_id = s.workflow_step_id AND own.most_recent
          LEFT JOIN LATERAL (SELECT f.created_at
                               FROM :"workflow_step_transitions" f
                              WHERE f.workflow_step_id = s.workflow_step_id AND f.to_state = 'error'
                              ORDER BY f.created_at DESC
                              LIMIT 1) failure ON true
          LEFT JOIN LATERAL (SELECT count(*) AS total,
                                    count(*) FILTER (WHERE parent.to_state
                                                           IN ('complete', 'resolved_manually'))
                                      AS completed
                               FROM :"workflow_step_edges" e
                               LEFT JOIN :"workflow_step_transitions" parent
                                      ON parent.workflow_step_id = e.from_step_id
                                     AND parent.most_recent
                              WHERE e.to_step_id = s.workflow_step_id) parents ON true
         WHERE s.task_id = ANY (task_ids)
        OFFSET 0) b
 CROSS JOIN LATERAL (SELECT COALESCE(b.attempts, 0) < b.retry_limit
                            AND (COALESCE(b.attempts, 0) = 0 OR b.retryable)
                            AND (b.backoff_ends_at IS NULL
                                 OR b.backoff_ends_at <= now() AT TIME ZONE 'UTC'
                                 OR COALESCE(current_setting('scalectl.no_backoff', true), '') = 'on')
                            AS eligible) retry;
END

-- @function step_readiness_for_task
-- summary: The same for one task.

CREATE FUNCTION :"step_readiness_for_task"(only_task_id bigint)
RETURNS TABLE (workflow_step_id bigint, task_id bigint, named_step_id int, name varchar,
               current_state varchar, dependencies_satisfied boolean, retry_eligible boolean,
               ready_for_execution boolean, last_failure_at timestamp, next_retry_at timestamp,
               total_parents bigint, completed_parents bigint, attempts int, retry_limit int,
               backoff_request_seconds int, last_attempted_at timestamp)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
SELECT * FROM :"step_readiness_for_tasks"(ARRAY[only_task_id]);
END
