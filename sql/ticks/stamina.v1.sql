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
