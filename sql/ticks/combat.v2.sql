-- tick: combat
-- summary: End the turns of combats that have been idle for too long.
-- family: game
-- every: 30s
-- warn-after: 10s
-- log: Processed {rows} idle combats in {elapsed}s
-- slow: Combat timer check took {elapsed}s (threshold: {threshold}s)
-- param: idle interval = 5m "end turns that began longer ago than this"

UPDATE :"active_combats"
   SET turn = CASE turn WHEN 'player' THEN 'npc' ELSE 'player' END,
       turn_number = turn_number + 1,
       turn_started_at = now()
 WHERE turn_started_at < now() - :idle;

-- @rows
-- summary: One look for the idle combats, then one UPDATE for each.

SELECT combat_id FROM :"active_combats" WHERE turn_started_at < now() - :idle;

UPDATE :"active_combats"
   SET turn = CASE turn WHEN 'player' THEN 'npc' ELSE 'player' END,
       turn_number = turn_number + 1,
       turn_started_at = now()
 WHERE combat_id = :combat_id;

-- @batched
-- summary: A queue: the longest idle first, a hundred at a time, past those that others hold.
-- batch: 100

WITH next AS (
  SELECT combat_id FROM :"active_combats"
   WHERE turn_started_at < :started - :idle
   ORDER BY turn_started_at
   LIMIT :batch
     FOR UPDATE SKIP LOCKED
)
UPDATE :"active_combats" AS combat
   SET turn = CASE turn WHEN 'player' THEN 'npc' ELSE 'player' END,
       turn_number = turn_number + 1,
       turn_started_at = now()
  FROM next
 WHERE combat.combat_id = next.combat_id;
