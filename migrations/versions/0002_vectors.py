"""Vectors of works: the models that make them, what waits to be embedded, one partition a model."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# iterative scans, by which filters do not empty a nearest-neighbour search, came with pgvector 0.8
EXTENSION = """
DO $$
BEGIN
    IF (SELECT string_to_array(default_version, '.')::int[] < ARRAY[0, 8] FROM pg_available_extensions
        WHERE name = 'vector') IS NOT FALSE THEN
        RAISE EXCEPTION 'this Postgres lacks the extension vector (pgvector 0.8 or newer)'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    CREATE EXTENSION IF NOT EXISTS vector;
    -- one that an older pgvector made in this database stays as it was until somebody who may do it says UPDATE
    IF (SELECT string_to_array(extversion, '.')::int[] < ARRAY[0, 8] FROM pg_extension WHERE extname = 'vector') THEN
        RAISE EXCEPTION 'the extension vector of this database is older than 0.8'
            USING ERRCODE = 'feature_not_supported';
    END IF;
END $$;
"""

TABLES = """
CREATE TABLE embedding_models (
    number smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    spec text NOT NULL,
    dimensions smallint NOT NULL,
    role text NOT NULL CONSTRAINT embedding_models_role CHECK (role IN ('current', 'next', 'former')),
    swept_to timestamptz NOT NULL DEFAULT 'infinity',
    role_since timestamptz NOT NULL DEFAULT now(),
    idle_since timestamptz
);
CREATE UNIQUE INDEX embedding_models_one_each ON embedding_models (role) WHERE role <> 'former';
CREATE UNIQUE INDEX embedding_models_one_filled ON embedding_models ((idle_since IS NULL)) WHERE idle_since IS NULL;

CREATE TABLE work_vectors (
    model smallint NOT NULL REFERENCES embedding_models (number),
    work_id text NOT NULL REFERENCES works (id) ON DELETE CASCADE,
    embedding halfvec NOT NULL,
    PRIMARY KEY (work_id, model)
) PARTITION BY LIST (model);

CREATE TABLE embedding_backlog (
    work_id text PRIMARY KEY REFERENCES works (id) ON DELETE CASCADE,
    changed_at timestamptz NOT NULL,
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',
    failures smallint NOT NULL DEFAULT 0
);
CREATE INDEX embedding_backlog_order ON embedding_backlog (changed_at DESC, work_id);
CREATE INDEX works_updated_at ON works (updated_at DESC);
"""

# Only where a model is in use: a system without vectors collects no backlog.
TRIGGERS = """
CREATE FUNCTION queue_new_texts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM embedding_models WHERE idle_since IS NULL) THEN
        INSERT INTO embedding_backlog (work_id, changed_at) SELECT id, now() FROM new_rows
        ON CONFLICT (work_id) DO UPDATE
            SET changed_at = excluded.changed_at, claimed_until = '-infinity', failures = 0;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION queue_changed_texts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM embedding_models WHERE idle_since IS NULL) THEN
        INSERT INTO embedding_backlog (work_id, changed_at)
        SELECT n.id, now() FROM new_rows AS n JOIN old_rows AS o ON o.id = n.id
        WHERE (n.title, n.abstract) IS DISTINCT FROM (o.title, o.abstract)
        ON CONFLICT (work_id) DO UPDATE
            SET changed_at = excluded.changed_at, claimed_until = '-infinity', failures = 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER works_inserted_texts AFTER INSERT ON works
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_new_texts();
CREATE TRIGGER works_updated_texts AFTER UPDATE ON works
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_changed_texts();
"""


def upgrade() -> None:
    for script in (EXTENSION, TABLES, TRIGGERS):
        op.execute(script)


def downgrade() -> None:
    op.execute("DROP TRIGGER works_inserted_texts ON works")
    op.execute("DROP TRIGGER works_updated_texts ON works")
    op.execute("DROP FUNCTION queue_new_texts, queue_changed_texts")
    op.execute("DROP INDEX works_updated_at")
    op.execute("DROP TABLE embedding_backlog, work_vectors, embedding_models")
