-- pack: workflow-best
-- summary: What the views v3 need, and nothing else.
-- family: workflow
-- prefix: tasker_
-- instead-of: workflow

-- @index step_transitions_latest_error
-- why: When a step last failed, whatever came since: the retry fix needs it, and none of seed 002's
--   eight gives it.
-- query: SELECT created_at FROM :"workflow_step_transitions"
--   WHERE workflow_step_id = 1 AND to_state = 'error' ORDER BY created_at DESC LIMIT 1

CREATE INDEX CONCURRENTLY step_transitions_latest_error
    ON :"workflow_step_transitions" (workflow_step_id, created_at DESC)
 WHERE to_state = 'error';

-- @index step_transitions_current_state
-- why: The current state of a step and of its parents without a look at the table, which holds every
--   transition there ever was.
-- query: SELECT to_state FROM :"workflow_step_transitions" WHERE workflow_step_id = 1 AND most_recent

CREATE INDEX CONCURRENTLY step_transitions_current_state
    ON :"workflow_step_transitions" (workflow_step_id) INCLUDE (to_state)
 WHERE most_recent;

-- @index step_edges_parents
-- why: A step's parents without a look at the table.
-- query: SELECT from_step_id FROM :"workflow_step_edges" WHERE to_step_id = 1

CREATE INDEX CONCURRENTLY step_edges_parents
    ON :"workflow_step_edges" (to_step_id) INCLUDE (from_step_id);
