"""The area tree."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "the area tree"

SQL = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE area (
    id uuid PRIMARY KEY,
    parent uuid REFERENCES area (id),
    kind text NOT NULL CHECK (kind IN ('subdistrict', 'neighbourhood', 'grid', 'building')),
    name text NOT NULL,
    path uuid[] NOT NULL,
    neighbourhood uuid REFERENCES area (id),
    phone text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL,
    CONSTRAINT area_root CHECK ((kind = 'subdistrict') = (parent IS NULL)),
    CONSTRAINT area_tenancy CHECK (
        CASE kind WHEN 'subdistrict' THEN neighbourhood IS NULL WHEN 'neighbourhood' THEN neighbourhood = id ELSE neighbourhood IS NOT NULL END
    ),
    CONSTRAINT area_path_ends_here CHECK (path[cardinality(path)] = id),
    CONSTRAINT area_name UNIQUE NULLS NOT DISTINCT (parent, name),
    UNIQUE (id, neighbourhood)
);
CREATE INDEX area_neighbourhood ON area (neighbourhood, cardinality(path), name);
CREATE INDEX area_parent ON area (parent);

CREATE FUNCTION area_fits_its_parent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above area;
BEGIN
    IF NEW.parent IS NULL THEN
        IF NEW.path <> ARRAY[NEW.id] THEN
            RAISE EXCEPTION 'the path of a root is itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'area_fits_its_parent';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO above FROM area WHERE id = NEW.parent;
    IF NEW.path <> above.path || NEW.id
        OR (NEW.kind, above.kind) NOT IN (
            ('neighbourhood', 'subdistrict'), ('grid', 'neighbourhood'), ('building', 'neighbourhood'), ('building', 'grid'))
        OR (NEW.kind <> 'neighbourhood' AND NEW.neighbourhood IS DISTINCT FROM above.neighbourhood) THEN
        RAISE EXCEPTION 'an area must fit below its parent' USING ERRCODE = 'check_violation', CONSTRAINT = 'area_fits_its_parent';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER area_fits_its_parent BEFORE INSERT OR UPDATE ON area FOR EACH ROW EXECUTE FUNCTION area_fits_its_parent();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="areas", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
