-- tick: respawn
-- summary: Remove the wandering enemies whose time is up, and put new ones where too few are left.
-- family: game
-- every: 30s
-- warn-after: 5s
-- log: Spawned {rows} wandering enemies in {elapsed}s
-- slow: Respawn took {elapsed}s (threshold: {threshold}s)
-- param: per-location int = 3 "enemies at one place, at most; a place has no more than its danger level"
-- param: lifetime interval = 10m "how long an enemy stays; each half of that to all of it"

-- Which enemy comes is a hash of its place, of which one it is there, and of the time: no two
-- spawns are alike, and each can be checked.
WITH expired AS (
  DELETE FROM :"wandering_enemies" WHERE despawns_at <= now()
), living AS (
  SELECT location_id, count(*) AS enemies
    FROM :"wandering_enemies"
   WHERE despawns_at > now()
   GROUP BY location_id
)
INSERT INTO :"wandering_enemies" (location_id, npc, level, spawned_at, despawns_at)
SELECT place.location_id,
       (ARRAY['raider', 'feral dog', 'scavenger', 'mutant rat', 'drone', 'bandit', 'wolf',
              'sentinel'])[1 + (spawn.hash & 7)],
       place.danger_level * 10 - 9 + (spawn.hash >> 3 & 1023) % 10,
       now(),
       now() + :lifetime * (0.5 + (spawn.hash >> 13 & 1023) / 2048.0)
  FROM :"locations" AS place
  LEFT JOIN living USING (location_id)
 CROSS JOIN LATERAL generate_series(coalesce(living.enemies, 0) + 1,
                                    LEAST(place.danger_level, :per_location)) AS number
 CROSS JOIN LATERAL (
   SELECT hashtextextended(place.location_id || ' ' || number,
                           extract(epoch FROM now())::bigint) AS hash
 ) AS spawn;

-- @rows
-- summary: One look for the places, then the same for each of them alone.

SELECT location_id FROM :"locations";

WITH expired AS (
  DELETE FROM :"wandering_enemies" WHERE location_id = :location_id AND despawns_at <= now()
), living AS (
  SELECT count(*) AS enemies
    FROM :"wandering_enemies"
   WHERE location_id = :location_id AND despawns_at > now()
)
INSERT INTO :"wandering_enemies" (location_id, npc, level, spawned_at, despawns_at)
SELECT place.location_id,
       (ARRAY['raider', 'feral dog', 'scavenger', 'mutant rat', 'drone', 'bandit', 'wolf',
              'sentinel'])[1 + (spawn.hash & 7)],
       place.danger_level * 10 - 9 + (spawn.hash >> 3 & 1023) % 10,
       now(),
       now() + :lifetime * (0.5 + (spawn.hash >> 13 & 1023) / 2048.0)
  FROM :"locations" AS place
 CROSS JOIN living
 CROSS JOIN LATERAL generate_series(living.enemies + 1,
                                    LEAST(place.danger_level, :per_location)) AS number
 CROSS JOIN LATERAL (
   SELECT hashtextextended(place.location_id || ' ' || number,
                           extract(epoch FROM now())::bigint) AS hash
 ) AS spawn
 WHERE place.location_id = :location_id;
