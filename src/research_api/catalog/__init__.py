"""The local catalog: BM25, phrases and boolean search with Tantivy. Postgres is the truth; the index can be dropped."""
