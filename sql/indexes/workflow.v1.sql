-- pack: workflow
-- summary: Seed 002's eight indexes, with Tasker's names and definitions.
-- family: workflow
-- prefix: tasker_

-- @index index_task_transitions_current_state_optimized
-- why: The current state of a task (seed 002; not printed there). The table's own unique partial
--   index has the same key and predicate.
-- query: SELECT to_state FROM :"task_transitions" WHERE task_id = 1 AND most_recent = true

CREATE INDEX CONCURRENTLY index_task_transitions_current_state_optimized
    ON :"task_transitions" (task_id, most_recent)
 WHERE most_recent = true;

-- @index index_step_transitions_current_state_optimized
-- why: The current state of a step (seed 002). The table's own unique partial index has the same key
--   and predicate.
-- query: SELECT to_state FROM :"workflow_step_transitions"
--   WHERE workflow_step_id = 1 AND most_recent = true

CREATE INDEX CONCURRENTLY index_step_transitions_current_state_optimized
    ON :"workflow_step_transitions" (workflow_step_id, most_recent)
 WHERE most_recent = true;

-- @index index_workflow_steps_processing_status
-- why: The steps of a task that are neither done nor running (seed 002).
-- query: SELECT workflow_step_id FROM :"workflow_steps"
--   WHERE task_id = 1 AND processed = false AND in_process = false

CREATE INDEX CONCURRENTLY index_workflow_steps_processing_status
    ON :"workflow_steps" (task_id, processed, in_process);

-- @index index_workflow_steps_retry_logic
-- why: Steps by attempts and limit (seed 002).
-- query: SELECT workflow_step_id FROM :"workflow_steps"
--   WHERE attempts = 2 AND retry_limit = 3 AND retryable = true

CREATE INDEX CONCURRENTLY index_workflow_steps_retry_logic
    ON :"workflow_steps" (attempts, retry_limit, retryable);

-- @index index_workflow_steps_backoff_timing
-- why: Steps that were told to wait (seed 002).
-- query: SELECT workflow_step_id FROM :"workflow_steps"
--   WHERE last_attempted_at < now() - interval '1 minute' AND backoff_request_seconds IS NOT NULL

CREATE INDEX CONCURRENTLY index_workflow_steps_backoff_timing
    ON :"workflow_steps" (last_attempted_at, backoff_request_seconds)
 WHERE backoff_request_seconds IS NOT NULL;

-- @index index_step_transitions_current_errors
-- why: Steps that are in error now (seed 002; not printed there).
-- query: SELECT workflow_step_id FROM :"workflow_step_transitions"
--   WHERE to_state = 'error' AND most_recent = true

CREATE INDEX CONCURRENTLY index_step_transitions_current_errors
    ON :"workflow_step_transitions" (workflow_step_id, most_recent, created_at)
 WHERE to_state = 'error' AND most_recent = true;

-- @index index_step_transitions_completed_parents
-- why: Parents that are done (seed 002).
-- query: SELECT workflow_step_id FROM :"workflow_step_transitions"
--   WHERE workflow_step_id = 1 AND to_state IN ('complete', 'resolved_manually') AND most_recent = true

CREATE INDEX CONCURRENTLY index_step_transitions_completed_parents
    ON :"workflow_step_transitions" (workflow_step_id, most_recent)
 WHERE to_state IN ('complete', 'resolved_manually') AND most_recent = true;

-- @index index_workflow_steps_task_covering
-- why: A task's steps without a look at the table (seed 002).
-- query: SELECT workflow_step_id, processed, in_process, attempts, retry_limit
--   FROM :"workflow_steps" WHERE task_id = 1

CREATE INDEX CONCURRENTLY index_workflow_steps_task_covering
    ON :"workflow_steps" (task_id)
INCLUDE (workflow_step_id, processed, in_process, attempts, retry_limit);
