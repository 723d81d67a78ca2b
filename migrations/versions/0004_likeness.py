"""Keys by which like works are found, what sources disagree about, and which publication a preprint is of."""

import sqlalchemy as sa
from alembic import op

from research_api.domain.near_keys import near_keys
from research_api.domain.works import Author, Work

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE works
    ADD COLUMN near_title bigint,
    ADD COLUMN near_family bigint,
    ADD COLUMN disagreements jsonb NOT NULL DEFAULT '{}'
"""

INDEXES = """
CREATE INDEX works_near_title ON works (near_title) WHERE near_title IS NOT NULL;
CREATE INDEX works_near_family ON works (near_family) WHERE near_family IS NOT NULL;

CREATE TABLE work_versions (
    preprint_id text PRIMARY KEY REFERENCES works (id) ON DELETE CASCADE,
    published_id text NOT NULL REFERENCES works (id) ON DELETE CASCADE,
    preprint bigint NOT NULL UNIQUE,
    published bigint NOT NULL
);
CREATE INDEX ix_work_versions_published_id ON work_versions (published_id);
"""

PAGE = 5_000
READ = sa.text("SELECT id, title, year, authors FROM works WHERE id > :after ORDER BY id LIMIT :page")
FILL = sa.text(
    "UPDATE works SET near_title = given.title, near_family = given.family FROM unnest(CAST(:ids AS text[]),"
    " CAST(:titles AS bigint[]), CAST(:families AS bigint[])) AS given (id, title, family) WHERE works.id = given.id"
)


def upgrade() -> None:
    op.execute(COLUMNS)
    # the keys are nothing that the index or the vectors hold: no work has changed for them
    op.execute("ALTER TABLE works DISABLE TRIGGER USER")
    _fill(op.get_bind())
    op.execute("ALTER TABLE works ENABLE TRIGGER USER")
    op.execute(INDEXES)


def _fill(connection: sa.Connection) -> None:
    after = ""
    while rows := connection.execute(READ, {"after": after, "page": PAGE}).all():
        after = rows[-1].id
        found = [(row.id, near_keys(_work(row))) for row in rows]
        keys = [(work_id, near) for work_id, near in found if near is not None]
        values = {
            "ids": [work_id for work_id, _ in keys],
            "titles": [near.by_title for _, near in keys],
            "families": [near.by_family for _, near in keys],
        }
        connection.execute(FILL, values)


def _work(row: sa.Row) -> Work:
    return Work(row.id, row.title, authors=tuple(Author(**one) for one in row.authors[:1]), year=row.year)


def downgrade() -> None:
    op.execute("DROP TABLE work_versions")
    op.execute("ALTER TABLE works DROP COLUMN near_title, DROP COLUMN near_family, DROP COLUMN disagreements")
