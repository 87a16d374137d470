-- pack: game-hot
-- summary: Instead of game: no index names what the stamina tick changes, and the pages of players
--   have room, so that the tick's updates are heap-only.
-- family: game
-- instead-of: game

-- @fillfactor players 50
-- why: A tick changes nearly every player: with half of each page free, the new version of a row goes
--   on the same page, and no index hears of it.

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
