-- pack: game
-- summary: Seed 000's two indexes as they stand there, and one for item decay.
-- family: game

-- @index idx_players_stamina_regen
-- why: Finds living players below their maximum, the most tired first (seed 000). The stamina tick
--   itself reads the table as a whole where many are below it, and pays for the index: see price.
-- query: SELECT player_id FROM :"players" WHERE is_dead = FALSE AND stamina < max_stamina
--   ORDER BY stamina LIMIT 100

CREATE INDEX CONCURRENTLY idx_players_stamina_regen
    ON :"players" (is_dead, stamina)
 WHERE is_dead = FALSE AND stamina < max_stamina;

-- @index idx_combat_turn_time
-- why: Finds combats whose turn began too long ago, the longest first (seed 000).
-- query: SELECT combat_id FROM :"active_combats"
--   WHERE turn_started_at < now() - interval '5 minutes' ORDER BY turn_started_at LIMIT 100

CREATE INDEX CONCURRENTLY idx_combat_turn_time
    ON :"active_combats" (turn_started_at);

-- @index idx_dropped_items_dropped_at
-- why: Finds items that were dropped too long ago, the oldest first.
-- query: SELECT dropped_item_id FROM :"dropped_items"
--   WHERE dropped_at < now() - interval '1 hour' ORDER BY dropped_at LIMIT 100

CREATE INDEX CONCURRENTLY idx_dropped_items_dropped_at
    ON :"dropped_items" (dropped_at);
