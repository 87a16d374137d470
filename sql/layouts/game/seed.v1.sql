-- layout: seed
-- summary: Full pages, and seed 000's two indexes.
-- fillfactor: 100

-- @gather
-- summary: Writes the rows of a range of pages anew: first into what is free on their page, and when
--   run again into the free space that VACUUM has found in front.

UPDATE :"players" SET player_id = player_id
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM :"players" WHERE ctid >= :from AND ctid < :upto
                            FOR NO KEY UPDATE SKIP LOCKED));

-- @packed
-- summary: The bytes that the rows take, each with its line pointer.

SELECT coalesce(sum((pg_column_size(p.*) + 7) / 8 * 8 + 4), 0)::bigint AS bytes FROM :"players" AS p;

-- @index idx_players_stamina_regen
-- table: players
-- comment: scalectl pack game v2: Finds living players below their maximum, the most tired first (seed 000).

CREATE INDEX CONCURRENTLY idx_players_stamina_regen
    ON :"players" (is_dead, stamina)
 WHERE is_dead = FALSE AND stamina < max_stamina;

-- @index idx_combat_turn_time
-- table: active_combats
-- comment: scalectl pack game v2: Finds combats whose turn began too long ago, the longest first (seed 000).

CREATE INDEX CONCURRENTLY idx_combat_turn_time
    ON :"active_combats" (turn_started_at);
