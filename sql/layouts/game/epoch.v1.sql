-- layout: epoch
-- summary: A tick advances one row; the present stamina follows from the epochs that a player has passed.

-- @install
-- summary: The epoch, the view of the present, and what keeps a plain UPDATE right.

CREATE TABLE :"regen_epoch" (
  tick        text        PRIMARY KEY,
  epoch       bigint      NOT NULL CHECK (epoch >= 0),
  bonus       int         NOT NULL CHECK (bonus >= 0),
  advanced_at timestamptz
);

INSERT INTO :"regen_epoch" (tick, epoch, bonus) VALUES ('stamina', 0, 1);

GRANT SELECT ON :"regen_epoch" TO PUBLIC;

-- What a player of these values has at `epoch`. Both steps of a regeneration are monotonic, so that
-- many of them at once come to the same as one after another.
CREATE FUNCTION :"present_stamina"(stamina int, since bigint, endurance int, max_stamina int,
                                   is_dead boolean, epoch bigint, bonus int)
RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
  SELECT CASE WHEN is_dead THEN stamina
              ELSE LEAST(stamina + GREATEST(epoch - since, 0) * (bonus + endurance / 10),
                         max_stamina)::int END
$body$;

-- The default of a new row: what a player begins with is his as of now.
CREATE FUNCTION :"stamina_epoch_now"()
RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
  RETURN (SELECT epoch FROM :"regen_epoch" WHERE tick = 'stamina');
END
$body$;

-- A constant default needs no rewrite; rows from now on get the epoch of their making.
ALTER TABLE :"players" ADD COLUMN stamina_epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE :"players" ALTER COLUMN stamina_epoch SET DEFAULT :"stamina_epoch_now"();

-- The epoch comes from subqueries, which are run once and which FOR UPDATE on the view does not reach:
-- nobody who locks a player holds up the tick. A row that was locked after that look may be ahead of
-- it, and is the present then.
CREATE VIEW :"players_current" AS
SELECT :"columns before stamina"
       CASE WHEN p.is_dead
              OR p.stamina_epoch >= (SELECT epoch FROM :"regen_epoch" WHERE tick = 'stamina')
            THEN p.stamina
            ELSE LEAST(p.stamina
                       + ((SELECT epoch FROM :"regen_epoch" WHERE tick = 'stamina') - p.stamina_epoch)
                         * ((SELECT bonus FROM :"regen_epoch" WHERE tick = 'stamina')
                            + p.endurance / 10),
                       p.max_stamina)::int
       END AS stamina:"columns after stamina"
  FROM :"players" AS p;

-- The first epoch that this transaction has settled a player at; `epoch` from now on where it has
-- none. A tick that comes between a settlement and the transaction's own write of the same row is a
-- tick after that write.
CREATE FUNCTION :"stamina_settled_at"(relation oid, epoch bigint)
RETURNS bigint LANGUAGE plpgsql AS $body$
DECLARE
  first text := nullif(current_setting('scalectl.settled_' || relation, true), '');
BEGIN
  RETURN coalesce(first, set_config('scalectl.settled_' || relation, epoch::text, true))::bigint;
END
$body$;

-- Brings one player's stamina to the present, and returns it; NULL where there is no such player.
-- It looks at the epoch only once the row is locked.
CREATE FUNCTION :"settle_player"(bigint)
RETURNS int LANGUAGE plpgsql AS $body$
DECLARE
  now_is   record;
  settled  int;
  relation oid;
BEGIN
  SELECT p.tableoid, p.stamina INTO relation, settled
    FROM :"players" AS p WHERE p.player_id = $1 FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT epoch, bonus INTO STRICT now_is FROM :"regen_epoch" WHERE tick = 'stamina';
  UPDATE :"players" AS p
     SET stamina = :"present_stamina"(p.stamina, p.stamina_epoch, p.endurance, p.max_stamina,
                                      p.is_dead, now_is.epoch, now_is.bonus),
         stamina_epoch = now_is.epoch
   WHERE p.player_id = $1 AND p.stamina_epoch < now_is.epoch
  RETURNING p.stamina INTO settled;
  IF NOT FOUND THEN
    SELECT p.stamina INTO settled FROM :"players" AS p WHERE p.player_id = $1;
  END IF;
  PERFORM :"stamina_settled_at"(relation, now_is.epoch);
  RETURN settled;
END
$body$;

-- For an UPDATE that names stamina, whatever it sets it to: its arithmetic is right only on a settled
-- row, or on one that this transaction has settled (then what came since comes on top of it).
CREATE FUNCTION :"players_stamina_written"()
RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
  now_is record;
BEGIN
  IF NEW.stamina_epoch < OLD.stamina_epoch THEN
    RAISE EXCEPTION 'stamina_epoch of player % would go back from % to %',
                    OLD.player_id, OLD.stamina_epoch, NEW.stamina_epoch
      USING ERRCODE = 'integrity_constraint_violation', HINT = 'settle_player() keeps it';
  END IF;
  SELECT epoch, bonus INTO STRICT now_is FROM :"regen_epoch" WHERE tick = 'stamina';
  IF OLD.stamina_epoch >= :"stamina_settled_at"(TG_RELID, now_is.epoch) THEN
    NEW.stamina := :"present_stamina"(NEW.stamina, NEW.stamina_epoch, NEW.endurance, NEW.max_stamina,
                                      NEW.is_dead, now_is.epoch, now_is.bonus);
  ELSIF OLD.stamina <> :"present_stamina"(OLD.stamina, OLD.stamina_epoch, OLD.endurance,
                                          OLD.max_stamina, OLD.is_dead, now_is.epoch, now_is.bonus) THEN
    RAISE EXCEPTION 'player % has regenerated since stamina was last written', OLD.player_id
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'call settle_player(player_id) first in the transaction, or update players_current';
  END IF;
  NEW.stamina_epoch := GREATEST(NEW.stamina_epoch, now_is.epoch);
  RETURN NEW;
END
$body$;

CREATE TRIGGER zz_stamina_1_written BEFORE UPDATE OF stamina, stamina_epoch ON :"players"
FOR EACH ROW WHEN (NEW.stamina_epoch <= OLD.stamina_epoch)
EXECUTE FUNCTION :"players_stamina_written"();

-- For an UPDATE that changes what regeneration depends on: up to now it went by the old values.
CREATE FUNCTION :"players_stamina_settled"()
RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
  now_is  record;
  present int;
BEGIN
  SELECT epoch, bonus INTO STRICT now_is FROM :"regen_epoch" WHERE tick = 'stamina';
  present := :"present_stamina"(OLD.stamina, OLD.stamina_epoch, OLD.endurance, OLD.max_stamina,
                                OLD.is_dead, now_is.epoch, now_is.bonus);
  IF NEW.stamina = OLD.stamina THEN
    NEW.stamina := present;
    PERFORM :"stamina_settled_at"(TG_RELID, now_is.epoch);
  ELSIF OLD.stamina_epoch >= :"stamina_settled_at"(TG_RELID, now_is.epoch) THEN
    NEW.stamina := :"present_stamina"(NEW.stamina, NEW.stamina_epoch, NEW.endurance, NEW.max_stamina,
                                      NEW.is_dead, now_is.epoch, now_is.bonus);
  ELSIF present <> OLD.stamina THEN
    RAISE EXCEPTION 'a trigger changes stamina of player %, who has regenerated since it was last written',
                    OLD.player_id
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'call settle_player(player_id) first in the transaction, or update players_current';
  END IF;
  NEW.stamina_epoch := GREATEST(NEW.stamina_epoch, now_is.epoch);
  RETURN NEW;
END
$body$;

CREATE TRIGGER zz_stamina_2_settled BEFORE UPDATE ON :"players"
FOR EACH ROW WHEN (NEW.stamina_epoch = OLD.stamina_epoch
                   AND (NEW.stamina, NEW.endurance, NEW.max_stamina, NEW.is_dead)
                       IS DISTINCT FROM (OLD.stamina, OLD.endurance, OLD.max_stamina, OLD.is_dead))
EXECUTE FUNCTION :"players_stamina_settled"();

-- An UPDATE of the view: what it adds to or takes from stamina is added to or taken from the present
-- stamina of the locked row, up to the maximum; two spends at once take both, or the second one fails
-- where too little is left. Other columns are written where they change.
CREATE FUNCTION :"players_current_update"()
RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
  now_is   record;
  relation oid;
BEGIN
  SELECT p.tableoid INTO relation
    FROM :"players" AS p WHERE p.player_id = OLD.player_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT epoch, bonus INTO STRICT now_is FROM :"regen_epoch" WHERE tick = 'stamina';
  PERFORM :"stamina_settled_at"(relation, now_is.epoch);
  UPDATE :"players" AS p
     SET stamina = LEAST(:"present_stamina"(p.stamina, p.stamina_epoch, p.endurance, p.max_stamina,
                                            p.is_dead, now_is.epoch, now_is.bonus)
                         + NEW.stamina - OLD.stamina,
                         CASE WHEN NEW.stamina > NEW.max_stamina THEN NEW.stamina
                              WHEN NEW.max_stamina <> OLD.max_stamina THEN NEW.max_stamina
                              ELSE p.max_stamina END),
         stamina_epoch = GREATEST(p.stamina_epoch, now_is.epoch):"other columns"
   WHERE p.player_id = OLD.player_id
  RETURNING p.stamina INTO NEW.stamina;
  RETURN NEW;
END
$body$;

CREATE TRIGGER players_current_update INSTEAD OF UPDATE ON :"players_current"
FOR EACH ROW EXECUTE FUNCTION :"players_current_update"();

-- @next
-- summary: The upper end of the next batch of keys.

SELECT max(player_id) AS upto
  FROM (SELECT player_id FROM :"players" WHERE player_id > :after
         ORDER BY player_id LIMIT :batch) AS following;

-- @settle
-- summary: Everybody in a range of keys who has regenerated since his row was written.

-- A player whom somebody has locked is left to a later pass: it never waits with locks of its own.
WITH now_is AS MATERIALIZED (
  SELECT epoch, bonus FROM :"regen_epoch" WHERE tick = 'stamina'
), behind AS MATERIALIZED (
  SELECT p.ctid AS at
    FROM :"players" AS p CROSS JOIN now_is
   WHERE p.player_id > :after AND p.player_id <= :upto
     AND p.stamina_epoch < now_is.epoch
     AND p.stamina <> :"present_stamina"(p.stamina, p.stamina_epoch, p.endurance, p.max_stamina,
                                         p.is_dead, now_is.epoch, now_is.bonus)
     FOR NO KEY UPDATE OF p SKIP LOCKED
)
UPDATE :"players" AS p
   SET stamina = :"present_stamina"(p.stamina, p.stamina_epoch, p.endurance, p.max_stamina, p.is_dead,
                                    now_is.epoch, now_is.bonus),
       stamina_epoch = now_is.epoch
  FROM now_is
 WHERE p.ctid = ANY (ARRAY(SELECT at FROM behind)) AND p.stamina_epoch < now_is.epoch;

-- @remove
-- summary: Everything that install made. Players must be settled before.

DROP TRIGGER zz_stamina_1_written ON :"players";
DROP TRIGGER zz_stamina_2_settled ON :"players";
DROP VIEW :"players_current";
DROP FUNCTION :"players_current_update"();
DROP FUNCTION :"players_stamina_written"();
DROP FUNCTION :"players_stamina_settled"();
DROP FUNCTION :"settle_player"(bigint);
DROP FUNCTION :"stamina_settled_at"(oid, bigint);
ALTER TABLE :"players" DROP COLUMN stamina_epoch;
DROP FUNCTION :"stamina_epoch_now"();
DROP FUNCTION :"present_stamina"(int, bigint, int, int, boolean, bigint, int);
DROP TABLE :"regen_epoch";
