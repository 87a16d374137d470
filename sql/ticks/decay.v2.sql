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

-- @batched
-- summary: A queue: the oldest first, past those that others hold.
-- batch: 1k

WITH next AS (
  SELECT dropped_item_id FROM :"dropped_items"
   WHERE dropped_at < :started - :older_than
   ORDER BY dropped_at
   LIMIT :batch
     FOR UPDATE SKIP LOCKED
)
DELETE FROM :"dropped_items" AS item
 USING next
 WHERE item.dropped_item_id = next.dropped_item_id;
