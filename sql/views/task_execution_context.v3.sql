-- view: task_execution_context
-- summary: Tells waiting from blocked: only what will never end by itself blocks a task.
-- family: workflow
-- prefix: tasker_

-- @view task_execution_contexts
-- summary: Every task, for reports. Blocked is a step that failed for good (no attempts left, or not
--   retryable), and one below a cancelled parent. A backoff in force is waiting. A task whose steps
--   are all complete or cancelled is done; so is one without steps.

CREATE VIEW :"task_execution_contexts" AS
SELECT t.task_id,
       t.named_task_id,
       COALESCE(own.to_state, 'pending') AS status,
       COALESCE(c.total_steps, 0) AS total_steps,
       COALESCE(c.pending_steps, 0) AS pending_steps,
       COALESCE(c.in_progress_steps, 0) AS in_progress_steps,
       COALESCE(c.completed_steps, 0) AS completed_steps,
       COALESCE(c.failed_steps, 0) AS failed_steps,
       COALESCE(c.ready_steps, 0) AS ready_steps,
       CASE d.situation
         WHEN 1 THEN 'has_ready_steps'
         WHEN 2 THEN 'processing'
         WHEN 3 THEN 'blocked_by_failures'
         WHEN 4 THEN 'all_complete'
         ELSE 'waiting_for_dependencies'
       END AS execution_status,
       CASE d.situation
         WHEN 1 THEN 'execute_ready_steps'
         WHEN 2 THEN 'wait_for_completion'
         WHEN 3 THEN 'handle_failures'
         WHEN 4 THEN 'finalize_task'
         ELSE 'wait_for_dependencies'
       END AS recommended_action,
       COALESCE(round(100.0 * c.completed_steps / NULLIF(c.total_steps, 0), 2), 0.0)
         AS completion_percentage,
       CASE
         WHEN COALESCE(c.total_steps, 0) = 0 THEN 'unknown'
         WHEN stuck.steps > 0 THEN 'blocked'
         WHEN c.failed_steps > 0 THEN 'recovering'
         ELSE 'healthy'
       END AS health_status
  FROM :"tasks" t
  LEFT JOIN :"task_transitions" own ON own.task_id = t.task_id AND own.most_recent
  LEFT JOIN (SELECT r.task_id,
                    count(*) AS total_steps,
                    count(*) FILTER (WHERE r.current_state = 'pending') AS pending_steps,
                    count(*) FILTER (WHERE r.current_state = 'in_progress') AS in_progress_steps,
                    count(*) FILTER (WHERE r.current_state IN ('complete', 'resolved_manually'))
                      AS completed_steps,
                    count(*) FILTER (WHERE r.current_state = 'error') AS failed_steps,
                    count(*) FILTER (WHERE r.current_state = 'cancelled') AS cancelled_steps,
                    count(*) FILTER (WHERE r.ready_for_execution) AS ready_steps
               FROM :"step_readiness_statuses" r
              GROUP BY r.task_id) c
         ON c.task_id = t.task_id
  LEFT JOIN (SELECT s.task_id, count(*) AS steps
               FROM :"workflow_steps" s
               LEFT JOIN :"workflow_step_transitions" state
                      ON state.workflow_step_id = s.workflow_step_id AND state.most_recent
              WHERE (COALESCE(s.attempts, 0) >= COALESCE(s.retry_limit, 3)
                     OR (s.attempts > 0 AND NOT s.retryable)
                     OR s.workflow_step_id IN (SELECT e.to_step_id
                                                 FROM :"workflow_step_transitions" parent
                                                 JOIN :"workflow_step_edges" e
                                                   ON e.from_step_id = parent.workflow_step_id
                                                WHERE parent.most_recent
                                                  AND parent.to_state = 'cancelled'))
                AND COALESCE(state.to_state, 'pending') IN ('pending', 'error')
              GROUP BY s.task_id) stuck
         ON stuck.task_id = t.task_id
 CROSS JOIN LATERAL (SELECT CASE
                              WHEN c.ready_steps > 0 THEN 1
                              WHEN c.in_progress_steps > 0 THEN 2
                              WHEN stuck.steps > 0 THEN 3
                              WHEN COALESCE(c.completed_steps + c.cancelled_steps = c.total_steps, true)
                                THEN 4
                            END AS situation) d

-- @function task_execution_context_for_tasks
-- summary: The same rows for a batch of tasks, each found by index.

CREATE FUNCTION :"task_execution_context_for_tasks"(task_ids bigint[])
RETURNS TABLE (task_id bigint, named_task_id int, status varchar, total_steps bigint,
               pending_steps bigint, in_progress_steps bigint, completed_steps bigint,
               failed_steps bigint, ready_steps bigint, execution_status text,
               recommended_action text, completion_percentage numeric, health_status text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
SELECT t.task_id,
       t.named_task_id,
       COALESCE(own.to_state, 'pending') AS status,
       COALESCE(c.total_steps, 0) AS total_steps,
       COALESCE(c.pending_steps, 0) AS pending_steps,
       COALESCE(c.in_progress_steps, 0) AS in_progress_steps,
       COALESCE(c.completed_steps, 0) AS completed_steps,
       COALESCE(c.failed_steps, 0) AS failed_steps,
       COALESCE(c.ready_steps, 0) AS ready_steps,
       CASE d.situation
         WHEN 1 THEN 'has_ready_steps'
         WHEN 2 THEN 'processing'
         WHEN 3 THEN 'blocked_by_failures'
         WHEN 4 THEN 'all_complete'
         ELSE 'waiting_for_dependencies'
       END AS execution_status,
       CASE d.situation
         WHEN 1 THEN 'execute_ready_steps'
         WHEN 2 THEN 'wait_for_completion'
         WHEN 3 THEN 'handle_failures'
         WHEN 4 THEN 'finalize_task'
         ELSE 'wait_for_dependencies'
       END AS recommended_action,
       COALESCE(round(100.0 * c.completed_steps / NULLIF(c.total_steps, 0), 2), 0.0)
         AS completion_percentage,
       CASE
         WHEN COALESCE(c.total_steps, 0) = 0 THEN 'unknown'
         WHEN stuck.steps > 0 THEN 'blocked'
         WHEN c.failed_steps > 0 THEN 'recovering'
         ELSE 'healthy'
       END AS health_status
  FROM :"tasks" t
  LEFT JOIN :"task_transitions" own ON own.task_id = t.task_id AND own.most_recent
  LEFT JOIN (SELECT r.task_id,
                    count(*) AS total_steps,
                    count(*) FILTER (WHERE r.current_state = 'pending') AS pending_steps,
                    count(*) FILTER (WHERE r.current_state = 'in_progress') AS in_progress_steps,
                    count(*) FILTER (WHERE r.current_state IN ('complete', 'resolved_manually'))
                      AS completed_steps,
                    count(*) FILTER (WHERE r.current_state = 'error') AS failed_steps,
                    count(*) FILTER (WHERE r.current_state = 'cancelled') AS cancelled_steps,
                    count(*) FILTER (WHERE r.ready_for_execution) AS ready_steps
               FROM :"step_readiness_for_tasks"(task_ids) r
              GROUP BY r.task_id) c
         ON c.task_id = t.task_id
  LEFT JOIN LATERAL (SELECT count(*) AS steps
                       FROM :"workflow_steps" s
                       LEFT JOIN :"workflow_step_transitions" state
                              ON state.workflow_step_id = s.workflow_step_id AND state.most_recent
                      WHERE s.task_id = t.task_id
                        AND COALESCE(state.to_state, 'pending') IN ('pending', 'error')
                        AND (COALESCE(s.attempts, 0) >= COALESCE(s.retry_limit, 3)
                             OR (s.attempts > 0 AND NOT s.retryable)
                             OR EXISTS (SELECT
                                          FROM :"workflow_step_edges" e
                                          JOIN :"workflow_step_transitions" parent
                                            ON parent.workflow_step_id = e.from_step_id
                                           AND parent.most_recent
                                         WHERE e.to_step_id = s.workflow_step_id
                                           AND parent.to_state = 'cancelled'))) stuck
         ON true
 CROSS JOIN LATERAL (SELECT CASE
                              WHEN c.ready_steps > 0 THEN 1
                              WHEN c.in_progress_steps > 0 THEN 2
                              WHEN stuck.steps > 0 THEN 3
                              WHEN COALESCE(c.completed_steps + c.cancelled_steps = c.total_steps, true)
                                THEN 4
                            END AS situation) d
 WHERE t.task_id = ANY (task_ids);
END

-- @function task_execution_context_for_task
-- summary: The same for one task.

CREATE FUNCTION :"task_execution_context_for_task"(only_task_id bigint)
RETURNS TABLE (task_id bigint, named_task_id int, status varchar, total_steps bigint,
               pending_steps bigint, in_progress_steps bigint, completed_steps bigint,
               failed_steps bigint, ready_steps bigint, execution_status text,
               recommended_action text, completion_percentage numeric, health_status text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
SELECT * FROM :"task_execution_context_for_tasks"(ARRAY[only_task_id]);
END
