-- view: task_execution_context
-- summary: Seed 002's "after": the same counts over the joins on most_recent.
-- family: workflow
-- prefix: tasker_

-- @view task_execution_contexts
-- summary: A backoff in force counts as blocked by failures; so does nothing else that never ends.

CREATE VIEW :"task_execution_contexts" AS
SELECT t.task_id,
       t.named_task_id,
       COALESCE(own.to_state, 'pending') AS status,
       c.total_steps,
       c.pending_steps,
       c.in_progress_steps,
       c.completed_steps,
       c.failed_steps,
       c.ready_steps,
       CASE
         WHEN c.ready_steps > 0 THEN 'has_ready_steps'
         WHEN c.in_progress_steps > 0 THEN 'processing'
         WHEN c.failed_steps > 0 THEN 'blocked_by_failures'
         WHEN c.completed_steps = c.total_steps THEN 'all_complete'
         ELSE 'waiting_for_dependencies'
       END AS execution_status,
       CASE
         WHEN c.ready_steps > 0 THEN 'execute_ready_steps'
         WHEN c.in_progress_steps > 0 THEN 'wait_for_completion'
         WHEN c.failed_steps > 0 THEN 'handle_failures'
         WHEN c.completed_steps = c.total_steps THEN 'finalize_task'
         ELSE 'wait_for_dependencies'
       END AS recommended_action,
       COALESCE(round(100.0 * c.completed_steps / NULLIF(c.total_steps, 0), 2), 0.0)
         AS completion_percentage,
       CASE
         WHEN c.failed_steps = 0 THEN 'healthy'
         WHEN c.ready_steps > 0 THEN 'recovering'
         WHEN c.failed_steps > 0 THEN 'blocked'
         ELSE 'unknown'
       END AS health_status
  FROM :"tasks" t
  LEFT JOIN :"task_transitions" own ON own.task_id = t.task_id AND own.most_recent = true
  JOIN (SELECT task_id,
               count(*) AS total_steps,
               count(*) FILTER (WHERE current_state = 'pending') AS pending_steps,
               count(*) FILTER (WHERE current_state = 'in_progress') AS in_progress_steps,
               count(*) FILTER (WHERE current_state IN ('complete', 'resolved_manually'))
                 AS completed_steps,
               count(*) FILTER (WHERE current_state = 'error') AS failed_steps,
               count(*) FILTER (WHERE ready_for_execution) AS ready_steps
          FROM :"step_readiness_statuses"
         GROUP BY task_id) c
    ON c.task_id = t.task_id
