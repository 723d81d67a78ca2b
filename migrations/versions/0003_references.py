"""Which works a work refers to, as its records name them."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REFERENCES = """
CREATE TABLE work_references (
    work_id text NOT NULL REFERENCES works (id) ON DELETE CASCADE,
    scheme text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (work_id, scheme, value)
);
CREATE INDEX work_references_target ON work_references (scheme, value);
"""


def upgrade() -> None:
    op.execute(REFERENCES)


def downgrade() -> None:
    op.execute("DROP TABLE work_references")
