"""What the tests of the database share."""

from __future__ import annotations

import pytest

from research_api.db.embedding_models import PostgresModelStore
from research_api.db.embeddings import PostgresEmbeddingStore
from research_api.db.engine import Database
from tests.db.vector_given import Made


@pytest.fixture
def made(database: Database) -> Made:
    """The stores of vectors on an empty database."""
    return Made(database, PostgresModelStore(database), PostgresEmbeddingStore(database))
