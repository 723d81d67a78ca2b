"""From what several sources say of one work to the one work that is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

from research_api.domain.disagreements import disagreements
from research_api.domain.exports import EXPORT_SOURCE
from research_api.domain.identifiers import SCHEMES
from research_api.domain.text import words
from research_api.domain.works import Author, Identifier, OpenAccess, Record, SourceRef, Work

# Whose word counts first. Crossref holds what publishers deposit, DataCite what repositories register; OpenAlex is
# aggregated with care; the Anthology tells of its own volumes, PubMed of what its cataloguers curate, and Europe PMC
# repeats PubMed and adds preprints; DOAJ has what open journals upload themselves; Semantic Scholar reads much of its
# data out of PDFs; CORE harvests repositories, whose copies often have their own dates and no venue. arXiv stands
# after whoever tells of the publication: it tells of the preprint. Unpaywall and OpenCitations take their
# bibliography from Crossref, and tell of access and citations alone. A collection made for tests comes after all
# of them, then the built-in demo. An export that came back repeats what others said, some of it shortened by its
# format, and adds nothing where they speak.
_TRUST = {
    "crossref": 0, "datacite": 1, "openalex": 2, "acl": 3, "pubmed": 4, "europepmc": 5, "doaj": 6,
    "semanticscholar": 7, "core": 8, "arxiv": 9, "unpaywall": 10, "opencitations": 11, "demo": 19, EXPORT_SOURCE: 20,
}  # fmt: skip
_TRUST_OF_OTHERS = 15

_PLAIN_FIELDS = ("title", "abstract", "authors", "year", "date", "venue", "type", "url", "citation_count")
_plain_values = attrgetter(*_PLAIN_FIELDS)

_UNSAID = OpenAccess()
_RECORD_FIELDS = tuple(field.name for field in fields(Record))


def merge_records(work_id: str, records: Sequence[Record]) -> Work:
    """The work that the records tell of: each field from the most trusted source that fills it.

    A retraction counts whoever says so, and free access as well, for a source that does not know says nothing. What
    others say of year, venue and retraction stands in `disagreements`.
    The order of the records does not matter. Raises ValueError without records.
    """
    if not records:
        raise ValueError("a work has at least one record")
    ranked = sorted(records, key=_trust_order) if len(records) > 1 else list(records)
    chosen: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    retracted = False
    for record in ranked:
        for name, value in zip(_PLAIN_FIELDS, _plain_values(record), strict=True):
            # a count of 0 is something said, unlike "" and ()
            if (value or value == 0) and name not in chosen:
                chosen[name] = value
                provenance[name] = record.source
        if record.retracted and not retracted:
            retracted = True
            provenance["retracted"] = record.source
    return Work(
        id=work_id,
        identifiers=_first_identifiers(ranked, provenance),
        open_access=_access_of(ranked, provenance),
        retracted=retracted,
        sources=tuple([SourceRef(record.source, record.source_id) for record in ranked]),
        provenance=provenance,
        disagreements=disagreements(ranked, chosen, retracted=retracted),
        **chosen,
    )


def _access_of(ranked: Sequence[Record], provenance: dict[str, str]) -> OpenAccess:
    """What the most trusted one says, or the first that knows of a free copy."""
    access = _UNSAID
    for record in ranked:
        told = record.open_access
        if (
            told is not _UNSAID
            and told != access
            and (access == _UNSAID or (told.is_oa and not access.is_oa))
        ):
            access = told
            provenance["open_access"] = record.source
    return access


def merge_references(records: Sequence[Record]) -> tuple[Identifier, ...]:
    """Every work that any of the records refers to, each name once."""
    return tuple(dict.fromkeys(one for record in records for one in record.references))


def _trust_order(record: Record) -> tuple[int, str, str]:
    return (_TRUST.get(record.source, _TRUST_OF_OTHERS), record.source, record.source_id)


def _first_identifiers(ranked: Sequence[Record], provenance: dict[str, str]) -> dict[str, str]:
    """Strongest scheme first, the most trusted record's value of each."""
    first: dict[str, str] = {}
    for record in ranked:
        for identifier in record.identifiers:
            if identifier.scheme not in first:
                first[identifier.scheme] = identifier.value
                provenance[f"identifiers.{identifier.scheme}"] = record.source
    return {scheme: first[scheme] for scheme in SCHEMES if scheme in first}


@lru_cache(maxsize=4096)
def title_key(title: str) -> bytes:
    """16 bytes that are equal where two whole titles fold to the same words."""
    folded = words(title)
    return hashlib.blake2b((" ".join(folded) if folded else title).encode(), digest_size=16).digest()


def seed_of(record: Record) -> str:
    """The text that gives a new work its id: the strongest identifier, else what tells it from others."""
    for scheme in SCHEMES:
        for identifier in record.identifiers:
            if identifier.scheme == scheme:
                return f"{scheme}:{identifier.value}"
    return f"{record.source}:{record.source_id}"


def record_to_body(record: Record) -> dict[str, Any]:
    """The record as JSON data, without what is empty; `record_from_body` is the inverse."""
    body: dict[str, Any] = {name: getattr(record, name) for name in _RECORD_FIELDS}
    body["authors"] = [author_to_body(author) for author in record.authors]
    body["identifiers"] = [{"scheme": one.scheme, "value": one.value} for one in record.identifiers]
    body["references"] = [f"{one.scheme}:{one.value}" for one in record.references]
    body["open_access"] = open_access_to_body(record.open_access)
    # a count of 0 is something said, unlike False, "" and None
    return {name: value for name, value in body.items() if value or (value == 0 and value is not False)}


def author_to_body(author: Author) -> dict[str, str]:
    """The author as JSON data, without what is empty."""
    parts = (
        ("name", author.name),
        ("given", author.given),
        ("family", author.family),
        ("orcid", author.orcid),
    )
    return {name: value for name, value in parts if value}


def open_access_to_body(access: OpenAccess) -> dict[str, Any]:
    """The access as JSON data, without what nobody said."""
    parts = (("is_oa", access.is_oa), ("url", access.url), ("license", access.license))
    return {name: value for name, value in parts if value is not None}


def record_from_body(body: dict[str, Any]) -> Record:
    """The record that `record_to_body` was given."""
    data = dict(body)
    data["authors"] = tuple(Author(**author) for author in data.get("authors", ()))
    data["identifiers"] = tuple(Identifier(**one) for one in data.get("identifiers", ()))
    data["references"] = tuple(Identifier(*one.split(":", 1)) for one in data.get("references", ()))
    data["open_access"] = OpenAccess(**data.get("open_access", {}))
    return Record(**data)


def body_text(body: dict[str, Any]) -> str:
    """The one JSON text of a body that `record_to_body` made: its names stand in a fixed order."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def digest_of(text: str) -> bytes:
    """16 bytes that are equal where two bodies, as texts, say the same."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
