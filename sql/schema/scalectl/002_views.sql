-- migration: views
-- summary: Which versions of the workflow's views are installed, and what they replaced.
-- table: view_versions

CREATE TABLE view_versions (
  change_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  schema_name      text        NOT NULL,               -- where the views are
  prefix           text        NOT NULL,               -- what their names begin with
  version          int         NOT NULL CHECK (version >= 0),  -- 0: views that were there before ours
  checksum         text        NOT NULL,               -- SHA-256 of the files
  found            jsonb,                              -- version 0: their definitions, by name
  installed_at     timestamptz NOT NULL DEFAULT now(),
  installed_by     text        NOT NULL DEFAULT current_user,
  scalectl_version text        NOT NULL
);

CREATE INDEX view_versions_of ON view_versions (schema_name, prefix, change_id DESC);
