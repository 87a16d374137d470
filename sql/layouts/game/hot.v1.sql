-- layout: hot
-- summary: Half of each page is free and no index names stamina, so that the tick's updates are heap-only.
-- fillfactor: 50

-- @spread
-- summary: Moves every second row of the pages in a range that hold more than :full bytes of rows.

-- Run :again in the same transaction, it takes those that found room on their own page, until they have
-- left it. Half of the rows stay where they are, and the others fill new pages by half: twice the size, without an
-- empty page. Rows that somebody has locked are left alone: it never waits with locks of its own.
WITH stored AS (
  SELECT p.ctid AS at, p.xmin = pg_current_xact_id()::xid AS ours, (p.ctid::text::point)[0] AS page,
         (pg_column_size(p.*) + 7) / 8 * 8 + 4 AS bytes
    FROM :"players" AS p
   WHERE p.ctid >= :from AND p.ctid < :upto
), counted AS (
  SELECT at, ours, row_number() OVER (PARTITION BY page ORDER BY at) AS nth,
         sum(bytes) OVER (PARTITION BY page) AS used
    FROM stored
), free AS MATERIALIZED (
  SELECT p.ctid AS at
    FROM :"players" AS p
   WHERE p.ctid = ANY (ARRAY(SELECT at FROM counted WHERE used > :full
                              AND CASE WHEN :again THEN ours ELSE nth % 2 = 1 END))
     FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE :"players" SET player_id = player_id WHERE ctid = ANY (ARRAY(SELECT at FROM free));
