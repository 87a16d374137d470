-- migration: archive
-- prefix: tasker_
-- summary: Finished tasks with all that belongs to them, out of the way of those that run.
-- table: archived_tasks
-- table: archived_workflow_steps
-- table: archived_workflow_step_edges
-- table: archived_task_transitions
-- table: archived_workflow_step_transitions

CREATE TABLE :"archived_tasks" (
  LIKE :"tasks",
  archived_at timestamp(6) NOT NULL,
  PRIMARY KEY (task_id),
  FOREIGN KEY (named_task_id) REFERENCES :"named_tasks" (named_task_id)
);

CREATE TABLE :"archived_workflow_steps" (
  LIKE :"workflow_steps",
  PRIMARY KEY (workflow_step_id),
  FOREIGN KEY (task_id) REFERENCES :"archived_tasks" (task_id),
  FOREIGN KEY (named_step_id) REFERENCES :"named_steps" (named_step_id)
);

CREATE INDEX ON :"archived_workflow_steps" (task_id);

CREATE TABLE :"archived_workflow_step_edges" (
  LIKE :"workflow_step_edges",
  PRIMARY KEY (id),
  FOREIGN KEY (from_step_id) REFERENCES :"archived_workflow_steps" (workflow_step_id),
  FOREIGN KEY (to_step_id) REFERENCES :"archived_workflow_steps" (workflow_step_id)
);

CREATE INDEX ON :"archived_workflow_step_edges" (from_step_id);
CREATE INDEX ON :"archived_workflow_step_edges" (to_step_id);

CREATE TABLE :"archived_task_transitions" (
  LIKE :"task_transitions",
  PRIMARY KEY (id),
  UNIQUE (task_id, sort_key),
  FOREIGN KEY (task_id) REFERENCES :"archived_tasks" (task_id)
);

CREATE TABLE :"archived_workflow_step_transitions" (
  LIKE :"workflow_step_transitions",
  PRIMARY KEY (id),
  UNIQUE (workflow_step_id, sort_key),
  FOREIGN KEY (workflow_step_id) REFERENCES :"archived_workflow_steps" (workflow_step_id)
);
