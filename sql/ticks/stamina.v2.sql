-- tick: stamina
-- summary: Give every living player below the maximum one regeneration step.
-- family: game
-- every: 5m
-- warn-after: 5s
-- log: Regenerated stamina for {rows} players in {elapsed}s
-- slow: Stamina regeneration took {elapsed}s (threshold: {threshold}s)
-- param: bonus int = 1 "stamina points before endurance"

UPDATE :"players"
   SET stamina = LEAST(stamina + :bonus + endurance / 10, max_stamina)
 WHERE is_dead = FALSE
   AND stamina < max_stamina;

-- @rows
-- summary: Seed 000's "before": fetch the players, then one UPDATE for each.

SELECT player_id,
       LEAST(stamina + :bonus + endurance / 10, max_stamina) AS new_stamina
  FROM :"players"
 WHERE is_dead = FALSE
   AND stamina < max_stamina;

UPDATE :"players" SET stamina = :new_stamina WHERE player_id = :player_id;

-- @batched
-- summary: The players in ranges of their key, each range a transaction of its own.
-- key: player_id
-- batch: 10k

SELECT max(player_id) FROM (
  SELECT player_id FROM :"players" WHERE player_id > :after ORDER BY player_id LIMIT :batch
) AS next;

UPDATE :"players"
   SET stamina = LEAST(stamina + :bonus + endurance / 10, max_stamina)
 WHERE player_id > :after AND player_id <= :upto
   AND is_dead = FALSE
   AND stamina < max_stamina;

-- @epoch
-- summary: One row, whatever the number of players: each one's stamina follows from it.
-- log: Advanced the stamina epoch of all players in {elapsed}s

UPDATE :"regen_epoch"
   SET epoch = epoch + 1,
       advanced_at = now()
 WHERE tick = 'stamina' AND bonus = :bonus;
