-- tick: status-effects
-- summary: Let every status effect act once on its living player, and end those that have run out.
-- family: game
-- every: 1m
-- warn-after: 5s
-- log: Applied status effects to {rows} players in {elapsed}s
-- slow: Status effects took {elapsed}s (threshold: {threshold}s)

WITH ended AS (
  DELETE FROM :"status_effects" WHERE ticks_remaining = 1
  RETURNING player_id, hp_per_tick
), continued AS (
  UPDATE :"status_effects" SET ticks_remaining = ticks_remaining - 1 WHERE ticks_remaining > 1
  RETURNING player_id, hp_per_tick
), change AS (
  SELECT player_id, sum(hp_per_tick) AS hp
    FROM (SELECT * FROM ended UNION ALL SELECT * FROM continued) AS acted
   GROUP BY player_id
)
UPDATE :"players" AS p
   SET hp = LEAST(GREATEST(p.hp + change.hp, 0), p.max_hp),
       is_dead = p.hp + change.hp <= 0
  FROM change
 WHERE p.player_id = change.player_id
   AND p.is_dead = FALSE;

-- @rows
-- summary: One look for the afflicted players, then the same for each of them alone.

SELECT DISTINCT player_id FROM :"status_effects";

WITH ended AS (
  DELETE FROM :"status_effects" WHERE player_id = :player_id AND ticks_remaining = 1
  RETURNING hp_per_tick
), continued AS (
  UPDATE :"status_effects" SET ticks_remaining = ticks_remaining - 1
   WHERE player_id = :player_id AND ticks_remaining > 1
  RETURNING hp_per_tick
), change AS (
  SELECT sum(hp_per_tick) AS hp
    FROM (SELECT * FROM ended UNION ALL SELECT * FROM continued) AS acted
)
UPDATE :"players" AS p
   SET hp = LEAST(GREATEST(p.hp + change.hp, 0), p.max_hp),
       is_dead = p.hp + change.hp <= 0
  FROM change
 WHERE p.player_id = :player_id
   AND p.is_dead = FALSE;

-- @batched
-- summary: The afflicted players in ranges of their key, each range a transaction of its own.
-- key: player_id
-- batch: 10k

SELECT max(player_id) FROM (
  SELECT DISTINCT player_id FROM :"status_effects" WHERE player_id > :after
   ORDER BY player_id LIMIT :batch
) AS next;

WITH ended AS (
  DELETE FROM :"status_effects"
   WHERE player_id > :after AND player_id <= :upto AND ticks_remaining = 1
  RETURNING player_id, hp_per_tick
), continued AS (
  UPDATE :"status_effects" SET ticks_remaining = ticks_remaining - 1
   WHERE player_id > :after AND player_id <= :upto AND ticks_remaining > 1
  RETURNING player_id, hp_per_tick
), change AS (
  SELECT player_id, sum(hp_per_tick) AS hp
    FROM (SELECT * FROM ended UNION ALL SELECT * FROM continued) AS acted
   GROUP BY player_id
)
UPDATE :"players" AS p
   SET hp = LEAST(GREATEST(p.hp + change.hp, 0), p.max_hp),
       is_dead = p.hp + change.hp <= 0
  FROM change
 WHERE p.player_id = change.player_id
   AND p.is_dead = FALSE;
