"""Identifiers of works: their schemes, canonical forms, and how a person may write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from research_api.domain.errors import Fault, Invalid
from research_api.domain.text import IGNORABLE_CHARACTERS
from research_api.domain.works import Identifier

# strongest first: the first scheme a record has seeds the id of its work
SCHEMES = ("doi", "pmid", "pmcid", "arxiv", "openalex", "s2", "local")

MAX_IDENTIFIER_CHARACTERS = 512

# neither white space nor controls nor lone surrogates, none of which Postgres or a URL would carry
_PRINTABLE = r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]"

# Source: DOI Handbook 2.2 (prefix 10. and a registrant of digits, suffix any printable character; read 2026-11)
_DOI = re.compile(rf"10\.[0-9]{{4,9}}(?:\.[0-9]+)*/{_PRINTABLE}+")
_DOI_LEAD = re.compile(r"^(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
# what people paste beside `doi:` and its like: addresses, and ids that cannot be words
# how a reference list leads a DOI in
_DOI_WORD = re.compile(r"^doi(?:\.\s*|\s+)(?=10\.)", re.IGNORECASE)
_WRAPPERS = (("<", ">"), ('"', '"'), ("\u201c", "\u201d"), ("(", ")"), ("[", "]"))
_INVISIBLE = dict.fromkeys(map(ord, IGNORABLE_CHARACTERS + "\u200b"))
_WEB_LEAD = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
_PASTED = tuple(
    (scheme, re.compile(pattern, re.IGNORECASE))
    for scheme, pattern in (
        ("openalex", r"(?:api\.)?openalex\.org/(?:works/)?(W[0-9]+)/?"),
        ("pmid", r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/([0-9]+)/?"),
        ("pmcid", r"(?:ncbi\.nlm\.nih\.gov/pmc|pmc\.ncbi\.nlm\.nih\.gov)/articles/(PMC[0-9]+)/?"),
        ("s2", r"semanticscholar\.org/paper/(?:[^/\s]+/)?([0-9a-f]{40})/?"),
        ("openalex", r"(W[0-9]{6,12})"),
        ("pmcid", r"(PMC[0-9]+)"),
    )
)
# Source: arXiv, "Understanding the arXiv identifier" (new form YYMM.NNNNN, old form archive/YYMMNNN; read 2026-11)
_ARXIV = re.compile(
    r"(?:[0-9]{4}\.[0-9]{4,5}|[a-z][a-z-]*(?:\.[a-z]{2})?/[0-9]{7})(?:v[0-9]+)?", re.IGNORECASE
)
_ARXIV_LEAD = re.compile(r"^(?:https?://arxiv\.org/(?:abs|pdf)/|arxiv:\s*)", re.IGNORECASE)
_WORK_ID = re.compile(r"w_[a-z2-7]{12}")
_LOCAL = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,63}}:{_PRINTABLE}(?:[ ]?{_PRINTABLE}){{0,255}}")
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

_PLAIN = {
    "pmid": re.compile(r"[1-9][0-9]{0,8}"),
    "pmcid": re.compile(r"PMC[1-9][0-9]{0,8}"),
    "openalex": re.compile(r"W[1-9][0-9]{0,11}"),
    "s2": re.compile(r"(?:[0-9a-f]{40}|CorpusId:[1-9][0-9]{0,11})"),
}


def normalise_doi(text: str | None) -> str | None:
    """The DOI in lower case without resolver or `doi:` lead; None where the text holds no well-formed DOI.

    DOI names are case-insensitive over ASCII. Source: DOI Handbook 2.4 (read 2026-11)
    """
    if not text:
        return None
    bare = unicodedata.normalize("NFC", _DOI_LEAD.sub("", text.strip())).lower()
    return bare if _DOI.fullmatch(bare) and len(bare) <= MAX_IDENTIFIER_CHARACTERS else None


def normalise_arxiv(text: str | None) -> str | None:
    """The arXiv id without version and lead, lower case; None where there is none."""
    if not text:
        return None
    bare = _ARXIV_LEAD.sub("", text.strip()).lower().removesuffix(".pdf")
    return re.sub(r"v[0-9]+$", "", bare) if _ARXIV.fullmatch(bare) else None


def normalise(scheme: str, text: str | None) -> str | None:
    """The canonical value of an identifier of that scheme, or None where the text is none of its kind."""
    if not text:
        return None
    value = text.strip()
    if scheme == "doi":
        return normalise_doi(value)
    if scheme == "arxiv":
        return normalise_arxiv(value)
    if scheme == "local":
        return value if _LOCAL.fullmatch(value) else None
    if scheme == "pmcid":
        value = value.upper()
        value = value if value.startswith("PMC") else "PMC" + value
    if scheme == "openalex":
        value = value.rsplit("/", 1)[-1].upper()
    if scheme == "s2" and not value.lower().startswith("corpusid:"):
        value = value.lower()
    return value if _PLAIN[scheme].fullmatch(value) else None


def is_namespace(text: str) -> bool:
    """True where the text may name a collection: lower case, digits, `._-`, at most 64 characters."""
    return _NAMESPACE.fullmatch(text) is not None


def is_work_id(text: str) -> bool:
    """True for `w_` and 12 base32 characters."""
    return _WORK_ID.fullmatch(text) is not None


def parse_reference(text: str) -> str | Identifier:
    """A work id as it stands, or the identifier that the text names.

    Accepts `w_...`, `doi:`, `pmid:`, `pmcid:`, `arxiv:`, `openalex:`, `s2:`, `local:NAME:ID` and a bare DOI.
    Raises Invalid for anything else; a URL is refused and never looked up.
    """
    value = text.strip()
    if is_work_id(value):
        return value
    if "://" in value:
        raise _not_an_identifier(
            "A URL is not an identifier. Send the identifier itself: doi:10.1038/171737a0."
        )
    scheme, colon, rest = value.partition(":")
    if colon and scheme.lower() in SCHEMES:
        found = normalise(scheme.lower(), rest)
        if found is None:
            raise _not_an_identifier(
                f"What follows {scheme.lower()}: is not a well-formed identifier of that scheme."
            )
        return Identifier(scheme.lower(), found)
    doi = normalise_doi(value)
    if doi is None:
        raise _not_an_identifier(
            "Send a work id (w_ and 12 characters), a DOI, or doi: pmid: pmcid: arxiv: openalex: s2: local:NAME:ID."
        )
    return Identifier("doi", doi)


def recognise(text: str) -> tuple[Identifier, ...]:
    """The identifiers that a whole query may be, the nearest first.

    Unlike `parse_reference` it takes what people paste: resolver addresses with escapes or a query, quotes and
    brackets around it, a full stop after it, other widths, invisible characters. There can be several, as most of
    these may belong to a DOI. A bare number is a number, not a PMID; `PMC123` and `W2741809807` need no lead.
    """
    value = text.strip()
    if len(value) > MAX_IDENTIFIER_CHARACTERS:
        return ()
    return tuple(dict.fromkeys(found for one in _readings(value) if (found := _recognised(one)) is not None))


def _readings(value: str) -> Iterator[str]:
    """What the text may have been before it was pasted, the nearest first."""
    yield value
    value = unicodedata.normalize("NFKC", value.translate(_INVISIBLE)).strip()
    yield value
    for opening, closing in _WRAPPERS:
        if value.startswith(opening) and value.endswith(closing):
            value = value[1:-1].strip()
    if _DOI_LEAD.match(value) and "/" in value:
        value = unquote(value.partition("?")[0].partition("#")[0], errors="replace")
    value = _DOI_WORD.sub("", value)
    yield value
    yield value.rstrip(".,;")


def _recognised(value: str) -> Identifier | None:
    scheme, colon, rest = value.partition(":")
    if colon and scheme.lower() in SCHEMES:
        found = normalise(scheme.lower(), rest)
        return Identifier(scheme.lower(), found) if found else None
    for name, found in (("doi", normalise_doi(value)), ("arxiv", normalise_arxiv(value))):
        if found:
            return Identifier(name, found)
    bare = _WEB_LEAD.sub("", value)
    for name, pattern in _PASTED:
        pasted = pattern.fullmatch(bare)
        found = normalise(name, pasted[1]) if pasted else None
        if found:
            return Identifier(name, found)
    return None


def _not_an_identifier(detail: str) -> Invalid:
    return Invalid("This is not an identifier of a work.", faults=(Fault("/id", detail),))
