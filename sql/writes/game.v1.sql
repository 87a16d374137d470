-- writes: game
-- summary: What is written most to the game's tables, in the order in which it is tried.

-- @write stamina_tick
-- why: Every living player below the maximum, every five minutes (seed 000).

UPDATE :"players"
   SET stamina = LEAST(stamina + 1 + endurance / 10, max_stamina)
 WHERE is_dead = FALSE AND stamina < max_stamina;

-- @write combat_tick
-- why: A thousand idle combats change turns, every thirty seconds.

UPDATE :"active_combats"
   SET turn = CASE turn WHEN 'player' THEN 'npc' ELSE 'player' END,
       turn_number = turn_number + 1,
       turn_started_at = now()
 WHERE combat_id IN (SELECT combat_id FROM :"active_combats" ORDER BY combat_id LIMIT 1000);

-- @write item_drop
-- why: A thousand items are dropped.

INSERT INTO :"dropped_items" (dropped_item_id, item_id, location_id, quantity, dropped_at)
SELECT dropped_item_id + (SELECT max(dropped_item_id) FROM :"dropped_items"), item_id, location_id,
       quantity, now()
  FROM :"dropped_items" ORDER BY dropped_item_id LIMIT 1000;
