-- trigger: combat
-- summary: Seed 000's option 2: whenever the game writes a turn, up to 100 idle turns end along with it.
-- table: active_combats
-- function: active_combats_end_idle_turns
-- name: auto_timeout_combat

-- @function
-- summary: What the trigger does.

-- Turns that somebody else has locked are left to the next write; what the tick would do is done here.
BEGIN
  UPDATE :"active_combats"
     SET turn = CASE turn WHEN 'player' THEN 'npc' ELSE 'player' END,
         turn_number = turn_number + 1,
         turn_started_at = now()
   WHERE combat_id = ANY (ARRAY(SELECT combat_id FROM :"active_combats"
                                 WHERE turn_started_at < now() - TG_ARGV[0]::interval
                                 ORDER BY turn_started_at LIMIT 100
                                   FOR UPDATE SKIP LOCKED));
  RETURN NULL;
END

-- @install
-- summary: The trigger itself, with the tick's parameters as its arguments.

-- Not for the writes of triggers, this one's among them.
CREATE TRIGGER auto_timeout_combat
 AFTER INSERT OR UPDATE OF turn, turn_number, turn_started_at ON :"active_combats"
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
EXECUTE FUNCTION :"active_combats_end_idle_turns"(:"idle");
