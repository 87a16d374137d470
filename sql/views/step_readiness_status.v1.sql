-- view: step_readiness_status
-- summary: Seed 002's "before": the newest transition found by sorting all of them, three times.
-- family: workflow
-- prefix: tasker_

-- @view step_readiness_statuses
-- summary: Knows a state "failed" that no step is ever in, and neither retryable, in_process nor
--   processed; NULL attempts are never ready; attempts of 44 and more overflow an interval.

CREATE VIEW :"step_readiness_statuses" AS
SELECT s.workflow_step_id,
       s.task_id,
       s.named_step_id,
       n.name,
       COALESCE(own.to_state, 'pending') AS current_state,
       COALESCE(parents.completed = parents.total, true) AS dependencies_satisfied,
       CASE
         WHEN s.attempts >= COALESCE(s.retry_limit, 3) THEN false
         WHEN failure.created_at IS NULL THEN true
         WHEN s.backoff_request_seconds IS NOT NULL AND s.last_attempted_at IS NOT NULL
           THEN s.last_attempted_at + s.backoff_request_seconds * interval '1 second' <= now()
         ELSE failure.created_at + LEAST(power(2, COALESCE(s.attempts, 1)) * interval '1 second',
                                         interval '30 seconds') <= now()
       END AS retry_eligible,
       COALESCE(COALESCE(own.to_state, 'pending') IN ('pending', 'failed')
                AND COALESCE(parents.completed = parents.total, true)
                AND s.attempts < COALESCE(s.retry_limit, 3)
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
  LEFT JOIN (SELECT DISTINCT ON (workflow_step_id) workflow_step_id, to_state
               FROM :"workflow_step_transitions"
              ORDER BY workflow_step_id, created_at DESC) own
         ON own.workflow_step_id = s.workflow_step_id
  LEFT JOIN (SELECT e.to_step_id,
                    count(*) AS total,
                    count(*) FILTER (WHERE parent.to_state IN ('complete', 'resolved_manually'))
                      AS completed
               FROM :"workflow_step_edges" e
               LEFT JOIN (SELECT DISTINCT ON (workflow_step_id) workflow_step_id, to_state
                            FROM :"workflow_step_transitions"
                           ORDER BY workflow_step_id, created_at DESC) parent
                      ON parent.workflow_step_id = e.from_step_id
              GROUP BY e.to_step_id) parents
         ON parents.to_step_id = s.workflow_step_id
  LEFT JOIN (SELECT DISTINCT ON (workflow_step_id) workflow_step_id, created_at
               FROM :"workflow_step_transitions"
              WHERE to_state = 'failed'
              ORDER BY workflow_step_id, created_at DESC) failure
         ON failure.workflow_step_id = s.workflow_step_id
