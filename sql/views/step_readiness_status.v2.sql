-- view: step_readiness_status
-- summary: Seed 002's "after": joins on most_recent, and the last failure found whatever came since.
-- family: workflow
-- prefix: tasker_

-- @view step_readiness_statuses
-- summary: NULL attempts are never ready; readiness ignores retryable; attempts of 44 and more
--   overflow an interval; timestamps are compared with the session's time zone.

CREATE VIEW :"step_readiness_statuses" AS
SELECT s.workflow_step_id,
       s.task_id,
       s.named_step_id,
       n.name,
       COALESCE(own.to_state, 'pending') AS current_state,
       COALESCE(parents.completed = parents.total, true) AS dependencies_satisfied,
       CASE
         WHEN s.attempts >= COALESCE(s.retry_limit, 3) THEN false
         WHEN s.attempts > 0 AND NOT s.retryable THEN false
         WHEN failure.created_at IS NULL THEN true
         WHEN s.backoff_request_seconds IS NOT NULL AND s.last_attempted_at IS NOT NULL
           THEN s.last_attempted_at + s.backoff_request_seconds * interval '1 second' <= now()
         ELSE failure.created_at + LEAST(power(2, COALESCE(s.attempts, 1)) * interval '1 second',
                                         interval '30 seconds') <= now()
       END AS retry_eligible,
       COALESCE(COALESCE(own.to_state, 'pending') IN ('pending', 'error')
                AND COALESCE(parents.completed = parents.total, true)
                AND s.attempts < COALESCE(s.retry_limit, 3)
                AND NOT s.in_process
                AND NOT s.processed
                AND (failure.created_at IS NULL
                     OR CASE
                          WHEN s.backoff_request_seconds IS NOT NULL AND s.last_attempted_at IS NOT NULL
                            THEN s.last_attempted_at
                                 + s.backoff_request_seconds * interval '1 second' <= now()
                          ELSE failure.created_at
                               + LEAST(power(2, COALESCE(s.attempts, 1)) * interval '1 second',
                                       interval '30 seconds') <= now()
                        END), false) AS ready_for_execution,
       failure.created_at AS last_failure_at,
       CASE
         WHEN s.backoff_request_seconds IS NOT NULL AND s.last_attempted_at IS NOT NULL
           THEN s.last_attempted_at + s.backoff_request_seconds * interval '1 second'
         WHEN failure.created_at IS NOT NULL
           THEN failure.created_at + LEAST(power(2, COALESCE(s.attempts, 1)) * interval '1 second',
                                           interval '30 seconds')
       END AS next_retry_at,
       COALESCE(parents.total, 0) AS total_parents,
       COALESCE(parents.completed, 0) AS completed_parents,
       s.attempts,
       COALESCE(s.retry_limit, 3) AS retry_limit,
       s.backoff_request_seconds,
       s.last_attempted_at
  FROM :"workflow_steps" s
  JOIN :"named_steps" n ON n.named_step_id = s.named_step_id
  LEFT JOIN :"workflow_step_transitions" own
         ON own.workflow_step_id = s.workflow_step_id AND own.most_recent = true
  LEFT JOIN (SELECT e.to_step_id,
                    count(*) AS total,
                    count(*) FILTER (WHERE parent.to_state IN ('complete', 'resolved_manually'))
                      AS completed
               FROM :"workflow_step_edges" e
               LEFT JOIN :"workflow_step_transitions" parent
                      ON parent.workflow_step_id = e.from_step_id AND parent.most_recent = true
              GROUP BY e.to_step_id) parents
         ON parents.to_step_id = s.workflow_step_id
  LEFT JOIN (SELECT DISTINCT ON (workflow_step_id) workflow_step_id, created_at
               FROM :"workflow_step_transitions"
              WHERE to_state = 'error'
              ORDER BY workflow_step_id, created_at DESC) failure
         ON failure.workflow_step_id = s.workflow_step_id
