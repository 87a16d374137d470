-- tick: decay
-- summary: Remove items that were dropped too long ago.
-- family: game
-- every: 5m
-- warn-after: 5s
-- log: Decayed and removed {rows} old items in {elapsed}s
-- slow: Item decay took {elapsed}s (threshold: {threshold}s)
-- param: older-than interval = 1h "remove what was dropped longer ago than this"

DELETE FROM :"dropped_items"
 WHERE dropped_at < now() - :older_than;

-- @rows
-- summary: One look for the old items, then one DELETE for each.

SELECT dropped_item_id FROM :"dropped_items" WHERE dropped_at < now() - :older_than;

DELETE FROM :"dropped_items" WHERE dropped_item_id = :dropped_item_id;
