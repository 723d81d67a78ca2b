"""The tables as SQLAlchemy Core sees them; `migrations/` makes them, a test compares the two."""

from __future__ import annotations

import sqlalchemy as sa
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()


class Xid8(sa.types.UserDefinedType[str]):
    """Postgres' 64-bit transaction id, which never wraps. The driver reads it as text."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The name Postgres knows."""
        return "xid8"


_NOW = sa.text("now()")


def _time(name: str, *, nullable: bool = False, default: bool = False) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=nullable, server_default=_NOW if default else None
    )


works = sa.Table(
    "works",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("abstract", sa.Text),
    sa.Column("authors", pg.JSONB, nullable=False),
    sa.Column("year", sa.SmallInteger),
    sa.Column("date", sa.Text),
    sa.Column("venue", sa.Text),
    sa.Column("type", sa.Text),
    sa.Column("identifiers", pg.JSONB, nullable=False),
    sa.Column("url", sa.Text),
    sa.Column("open_access", pg.JSONB, nullable=False),
    sa.Column("citation_count", sa.Integer),
    sa.Column("retracted", sa.Boolean, nullable=False),
    sa.Column("sources", pg.JSONB, nullable=False),
    sa.Column("provenance", pg.JSONB, nullable=False),
    sa.Column("title_key", sa.LargeBinary, nullable=False),
    # of the releases before 0004, which could be put back; nothing reads or writes it
    sa.Column("match_key", sa.LargeBinary),
    sa.Column("near_title", sa.BigInteger),
    sa.Column("near_family", sa.BigInteger),
    sa.Column("disagreements", pg.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    _time("created_at", default=True),
    _time("updated_at", default=True),
    sa.Index("works_title_key", "title_key"),
    sa.Index("works_match_key", "match_key"),
    sa.Index("works_near_title", "near_title", postgresql_where=sa.text("near_title IS NOT NULL")),
    sa.Index("works_near_family", "near_family", postgresql_where=sa.text("near_family IS NOT NULL")),
    sa.Index("works_updated_at", sa.text("updated_at DESC")),
)

work_records = sa.Table(
    "work_records",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("work_id", sa.Text, sa.ForeignKey("works.id"), nullable=False, index=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("body", pg.JSONB, nullable=False),
    _time("updated_at", default=True),
)

identifiers = sa.Table(
    "identifiers",
    metadata,
    sa.Column("scheme", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("work_id", sa.Text, sa.ForeignKey("works.id"), nullable=False, index=True),
)

work_references = sa.Table(
    "work_references",
    metadata,
    sa.Column("work_id", sa.Text, sa.ForeignKey("works.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("scheme", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Index("work_references_target", "scheme", "value"),
)

# preprint, published: the numbers of the two ids, which ranked lists have
work_versions = sa.Table(
    "work_versions",
    metadata,
    sa.Column("preprint_id", sa.Text, sa.ForeignKey("works.id", ondelete="CASCADE"), primary_key=True),
    sa.Column(
        "published_id", sa.Text, sa.ForeignKey("works.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("preprint", sa.BigInteger, nullable=False, unique=True),
    sa.Column("published", sa.BigInteger, nullable=False),
)

work_redirects = sa.Table(
    "work_redirects",
    metadata,
    sa.Column("old_id", sa.Text, primary_key=True),
    sa.Column("new_id", sa.Text, sa.ForeignKey("works.id"), nullable=False, index=True),
    _time("created_at", default=True),
)

work_changes = sa.Table(
    "work_changes",
    metadata,
    sa.Column("row", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("xid", Xid8, nullable=False, server_default=sa.text("pg_current_xact_id()")),
    sa.Column("work_id", sa.Text, nullable=False),
    sa.Index("work_changes_order", "xid", "row"),
)

catalog_state = sa.Table(
    "catalog_state",
    metadata,
    sa.Column("only_row", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("pruned_xid", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("pruned_row", sa.BigInteger, nullable=False, server_default="0"),
    sa.CheckConstraint("only_row", name="catalog_state_only_row"),
)

index_hosts = sa.Table(
    "index_hosts",
    metadata,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("xid", sa.BigInteger, nullable=False),
    sa.Column("row", sa.BigInteger, nullable=False),
    _time("seen_at", default=True),
)

# idle_since: texts that changed before it had their vectors; empty for the one model that is being filled
embedding_models = sa.Table(
    "embedding_models",
    metadata,
    sa.Column("number", sa.SmallInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("dimensions", sa.SmallInteger, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column(
        "swept_to",
        sa.DateTime(timezone=True),
        nullable=False,
        server_default=sa.text("'infinity'::timestamptz"),
    ),
    _time("role_since", default=True),
    _time("idle_since", nullable=True),
    sa.CheckConstraint("role IN ('current', 'next', 'former')", name="embedding_models_role"),
    sa.Index("embedding_models_one_each", "role", unique=True, postgresql_where=sa.text("role <> 'former'")),
    sa.Index(
        "embedding_models_one_filled",
        sa.text("(idle_since IS NULL)"),
        unique=True,
        postgresql_where=sa.text("idle_since IS NULL"),
    ),
)

# partitioned by model: `vectors` makes and drops the partitions
work_vectors = sa.Table(
    "work_vectors",
    metadata,
    sa.Column("model", sa.SmallInteger, sa.ForeignKey("embedding_models.number"), primary_key=True),
    sa.Column("work_id", sa.Text, sa.ForeignKey("works.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("embedding", HALFVEC(), nullable=False),
)

embedding_backlog = sa.Table(
    "embedding_backlog",
    metadata,
    sa.Column("work_id", sa.Text, sa.ForeignKey("works.id", ondelete="CASCADE"), primary_key=True),
    _time("changed_at"),
    sa.Column(
        "claimed_until",
        sa.DateTime(timezone=True),
        nullable=False,
        server_default=sa.text("'-infinity'::timestamptz"),
    ),
    sa.Column("failures", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Index("embedding_backlog_order", sa.text("changed_at DESC"), "work_id"),
)

organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _time("created_at", default=True),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organization_id", sa.Text, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("limits", pg.JSONB, nullable=False),
    sa.Column("allow_ip", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("is_test", sa.Boolean, nullable=False),
    _time("created_at"),
    _time("expires_at", nullable=True),
    _time("revoked_at", nullable=True),
)

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Text, sa.ForeignKey("keys.id"), nullable=False, index=True),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("pepper_version", sa.SmallInteger, nullable=False),
    _time("created_at"),
    _time("expires_at", nullable=True),
    _time("revoked_at", nullable=True),
)
