"""The catalog (works, records, identifiers, changes) and the keys."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CATALOG = """
CREATE TABLE works (
    id text PRIMARY KEY,
    title text NOT NULL,
    abstract text,
    authors jsonb NOT NULL,
    year smallint,
    date text,
    venue text,
    type text,
    identifiers jsonb NOT NULL,
    url text,
    open_access jsonb NOT NULL,
    citation_count integer,
    retracted boolean NOT NULL,
    sources jsonb NOT NULL,
    provenance jsonb NOT NULL,
    title_key bytea NOT NULL,
    match_key bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX works_title_key ON works (title_key);
CREATE INDEX works_match_key ON works (match_key);

CREATE TABLE work_records (
    source text NOT NULL,
    source_id text NOT NULL,
    work_id text NOT NULL REFERENCES works (id),
    digest bytea NOT NULL,
    body jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);
CREATE INDEX ix_work_records_work_id ON work_records (work_id);

CREATE TABLE identifiers (
    scheme text NOT NULL,
    value text NOT NULL,
    work_id text NOT NULL REFERENCES works (id),
    PRIMARY KEY (scheme, value)
);
CREATE INDEX ix_identifiers_work_id ON identifiers (work_id);

CREATE TABLE work_redirects (
    old_id text PRIMARY KEY,
    new_id text NOT NULL REFERENCES works (id),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_work_redirects_new_id ON work_redirects (new_id);
"""

# A row that commits late carries its old transaction id; readers wait until no older transaction is open.
CHANGES = """
CREATE TABLE work_changes (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    work_id text NOT NULL
);
CREATE INDEX work_changes_order ON work_changes (xid, row);

CREATE TABLE catalog_state (
    only_row boolean PRIMARY KEY DEFAULT true,
    epoch text NOT NULL,
    pruned_xid bigint NOT NULL DEFAULT 0,
    pruned_row bigint NOT NULL DEFAULT 0,
    CONSTRAINT catalog_state_only_row CHECK (only_row)
);
INSERT INTO catalog_state (epoch) VALUES (gen_random_uuid()::text);

CREATE TABLE index_hosts (
    host text PRIMARY KEY,
    xid bigint NOT NULL,
    row bigint NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION note_new_works() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO work_changes (work_id) SELECT id FROM new_rows;
    RETURN NULL;
END $$;
CREATE FUNCTION note_old_works() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO work_changes (work_id) SELECT id FROM old_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER works_inserted AFTER INSERT ON works
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_new_works();
CREATE TRIGGER works_updated AFTER UPDATE ON works
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_new_works();
CREATE TRIGGER works_deleted AFTER DELETE ON works
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_old_works();
"""

KEYS = """
CREATE TABLE organizations (
    id text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE keys (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations (id),
    name text NOT NULL,
    scopes text[] NOT NULL,
    limits jsonb NOT NULL,
    allow_ip text[] NOT NULL,
    is_test boolean NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX ix_keys_organization_id ON keys (organization_id);
CREATE TABLE credentials (
    id text PRIMARY KEY,
    key_id text NOT NULL REFERENCES keys (id),
    salt bytea NOT NULL,
    digest bytea NOT NULL,
    pepper_version smallint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX ix_credentials_key_id ON credentials (key_id);
"""


def upgrade() -> None:
    for script in (CATALOG, CHANGES, KEYS):
        op.execute(script)


def downgrade() -> None:
    op.execute(
        "DROP TABLE credentials, keys, organizations, index_hosts, catalog_state, work_changes,"
        " work_redirects, identifiers, work_records, works"
    )
    op.execute("DROP FUNCTION note_new_works, note_old_works")
