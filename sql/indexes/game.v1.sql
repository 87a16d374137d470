-- pack: game
-- summary: Seed 000's two indexes for the stamina and combat ticks, and one for item decay.
-- family: game

-- @index idx_players_stamina_regen
-- why: Finds living players below their maximum (seed 000).
-- query: UPDATE :"players" SET stamina = LEAST(stamina + 1 + endurance / 10, max_stamina)
--   WHERE is_dead = FALSE AND stamina < max_stamina

CREATE INDEX CONCURRENTLY idx_players_stamina_regen
    ON :"players" (is_dead, stamina)
 WHERE is_dead = FALSE AND stamina < max_stamina;

-- @index idx_combat_turn_time
-- why: Finds combats whose turn began too long ago (seed 000).
-- query: SELECT combat_id FROM :"active_combats" WHERE turn_started_at < now() - interval '5 minutes'

CREATE INDEX CONCURRENTLY idx_combat_turn_time
    ON :"active_combats" (turn_started_at);

-- @index idx_dropped_items_dropped_at
-- why: Finds items that were dropped too long ago.
-- query: DELETE FROM :"dropped_items" WHERE dropped_at < now() - interval '1 hour'

CREATE INDEX CONCURRENTLY idx_dropped_items_dropped_at
    ON :"dropped_items" (dropped_at);
