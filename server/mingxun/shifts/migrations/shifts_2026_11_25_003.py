"""`need.taken` is counted by the database itself."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-25T00:00:00:000062"
VERSION = "1.38.0"
DESCRIPTION = "places taken are the active assignments, whoever writes them"

SQL = """
UPDATE need SET taken = active.count
FROM (SELECT n.id, count(a.id)::integer AS count FROM need n LEFT JOIN assignment a ON a.need = n.id AND a.state = 'active'
      GROUP BY n.id) active
WHERE active.id = need.id AND need.taken <> active.count;
ALTER TABLE need ALTER COLUMN taken SET DEFAULT 0;

-- With `need_not_overbooked` this makes overbooking impossible, not only for the code that knows how to take a place. Counting
-- locks the need's row until the transaction ends, so two who insert at once take turns.
CREATE FUNCTION assignment_is_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'active' THEN
        UPDATE need SET taken = taken - 1 WHERE id = OLD.need;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'active' THEN
        UPDATE need SET taken = taken + 1 WHERE id = NEW.need;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER assignment_made AFTER INSERT ON assignment FOR EACH ROW
    WHEN (NEW.state = 'active') EXECUTE FUNCTION assignment_is_counted();
CREATE TRIGGER assignment_changed AFTER UPDATE OF state, need ON assignment FOR EACH ROW
    WHEN ((OLD.state = 'active') <> (NEW.state = 'active') OR (NEW.state = 'active' AND OLD.need <> NEW.need))
    EXECUTE FUNCTION assignment_is_counted();
CREATE TRIGGER assignment_removed AFTER DELETE ON assignment FOR EACH ROW
    WHEN (OLD.state = 'active') EXECUTE FUNCTION assignment_is_counted();

CREATE FUNCTION need_taken_is_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'taken is counted, and not written' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'need_taken_is_counted';
END $$;
CREATE TRIGGER need_begins_empty BEFORE INSERT ON need FOR EACH ROW
    WHEN (NEW.taken <> 0) EXECUTE FUNCTION need_taken_is_counted();
-- Depth 0: a statement of somebody's, and not of the triggers above.
CREATE TRIGGER need_is_not_told BEFORE UPDATE OF taken ON need FOR EACH ROW
    WHEN (NEW.taken <> OLD.taken AND pg_trigger_depth() = 0) EXECUTE FUNCTION need_taken_is_counted();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="shifts", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
