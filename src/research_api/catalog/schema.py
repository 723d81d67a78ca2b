"""The fields of the index, and how a work becomes a document of it.

Every text is folded and cut into words by `domain.text` before it gets here, so that the index and the matcher
agree on what a word is; Tantivy only splits at the spaces. Exact words keep their positions (strict search,
phrases, prefixes); stems are for ranking alone.
Source: tantivy-py 0.27, `tantivy.pyi` (read 2026-11)
"""

from __future__ import annotations

import tantivy

from research_api.domain.merging import title_key
from research_api.domain.text import words
from research_api.domain.works import Work, day_order, work_number

# a new number gives a new folder, so two versions of the code can run side by side
SCHEMA_VERSION = 2

# Tantivy drops a word of more than 65,530 bytes; a character has up to four
MAX_WORD_CHARACTERS = 16_000

EXACT = "words"
STEMMED = "stems"


def build_schema() -> tantivy.Schema:
    """The schema of SCHEMA_VERSION."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("key", indexed=True, fast=True)
    for name in ("title", "abstract", "author", "venue"):
        builder.add_text_field(name, tokenizer_name=EXACT, index_option="position")
    for name in ("title_stems", "text_stems"):
        builder.add_text_field(name, tokenizer_name=STEMMED, index_option="freq")
    builder.add_text_field("title_key", tokenizer_name="raw", index_option="basic")
    for name in ("type", "venue_name"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("year", "day", "citations"):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    for name in ("open_access", "retracted"):
        builder.add_boolean_field(name, indexed=True, fast=True)
    return builder.build()


def stem_analyzer() -> tantivy.TextAnalyzer:
    """Splits at spaces and stems English, as the `*_stems` fields do."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def register_tokenizers(index: tantivy.Index) -> None:
    """The index knows EXACT and STEMMED; needed after each opening, for Tantivy stores only their names."""
    index.register_tokenizer(EXACT, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.register_tokenizer(STEMMED, stem_analyzer())


def document_of(work: Work) -> tantivy.Document:
    """The work as the index holds it. A work without a year has none there; an unknown count is 0."""
    title, abstract = _indexed(work.title), _indexed(work.abstract or "")
    document = tantivy.Document()
    document.add_unsigned("key", work_number(work.id))
    document.add_text("title_key", title_key(work.title).hex())
    document.add_text("title", title)
    document.add_text("abstract", abstract)
    document.add_text("title_stems", title)
    document.add_text("text_stems", f"{title} {abstract}")
    for author in work.authors:
        document.add_text("author", _indexed(author.name))
    if work.venue:
        document.add_text("venue", _indexed(work.venue))
        document.add_text("venue_name", work.venue)
    if work.type:
        document.add_text("type", work.type)
    if work.year is not None:
        document.add_unsigned("year", work.year)
    document.add_unsigned("day", day_order(work))
    document.add_unsigned("citations", work.citation_count or 0)
    document.add_boolean("open_access", bool(work.open_access.is_oa))
    document.add_boolean("retracted", work.retracted)
    return document


def _indexed(text: str) -> str:
    """Its words, cut where Tantivy would drop one for its length. No query is long enough to tell the difference."""
    found = words(text)
    joined = " ".join(found)
    if len(joined) <= MAX_WORD_CHARACTERS:
        return joined
    return " ".join(word[:MAX_WORD_CHARACTERS] for word in found)
