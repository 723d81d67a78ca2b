"""Single fields of PubMed's XML: titles, abstracts, dates, authors, kinds of publication.

Source: NLM, "MEDLINE/PubMed XML Element Descriptions and their Attributes"
(nlm.nih.gov/bsd/licensee/elements_descriptions.html) and the DTD pubmed_250101.dtd (dtd.nlm.nih.gov/ncbi/pubmed/out;
both read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, islice
from xml.etree.ElementTree import Element

from research_api.domain.identifiers import normalise
from research_api.domain.works import Author, Identifier
from research_api.records import cleaning, fields
from research_api.records.months import SHORT_MONTHS
from research_api.records.xml import text_at

# what stands in place of a title that nobody has translated yet, or that nobody knows
_NO_TITLES = frozenset({"in process citation", "not available", "no title available"})
# a full stop that belongs to its word: `U.S.`, `p.o.`
_ABBREVIATION = re.compile(r"[^\W\d]\.[^\W\d]\.$")
LABELS_THAT_SAY_NOTHING = frozenset({"", "unlabelled", "unlabeled", "unassigned", "abstract"})

_MATHML = "mml:"
_FORMULA = "mml:math"
_MATHML_TOKENS = frozenset({"mml:mi", "mml:mn", "mml:mo", "mml:ms", "mml:mtext"})

_DATE = re.compile(
    r"(?<!\d)(\d{4})(?!\d)"
    r"(?:\s{1,9}(?:([a-z]{3,9})|(\d{1,2}))(?![a-z\d])\.?(?:\s{1,9}(\d{1,2})(?![a-z\d]))?)?",
    re.ASCII | re.IGNORECASE,
)
_UNKNOWN_PART = 99

_HYPHEN = r"[\s\u2010-\u2015-]?"
_ORCID = re.compile(
    rf"(?<!\d)(\d{{4}}){_HYPHEN}(\d{{4}}){_HYPHEN}(\d{{4}}){_HYPHEN}(\d{{3}}[\dXx])(?!\w)", re.ASCII
)

# The first of these that a record has. Preprints are `Journal Article` too, and so are many data papers.
# Source: NLM, "Publication Characteristics (Publication Types) with Scope Notes" (read 2026-11)
_TYPES = {
    "preprint": "posted-content",
    "journal article": "journal-article",
    "dataset": "dataset",
    "technical report": "report",
    "academic dissertation": "dissertation",
}
_COMMENTS = "CommentsCorrectionsList/CommentsCorrections"
_CITING_REFERENCE = "Cites"
_REFERENCE_SCHEMES = {"pubmed": "pmid", "doi": "doi", "pmc": "pmcid"}
_RETRACTED = "retracted publication"
_RETRACTING_REFERENCES = frozenset({"RetractionIn", "RetractedandRepublishedIn"})


def close_up_formulas(element: Element) -> None:
    """White space that only indents MathML is gone; NLM writes each sign of a formula on a line of its own.

    Source: MathML 3.0, 2.1.7 "Collapsing Whitespace in Input": it counts in token elements alone (read 2026-11)
    """
    if next(element.iter(_FORMULA), None) is None:
        return
    for node in element.iter():
        if not node.tag.startswith(_MATHML):
            continue
        if node.tag not in _MATHML_TOKENS and node.text and not node.text.strip():
            node.text = None
        if node.tag != _FORMULA and node.tail and not node.tail.strip():
            node.tail = None


def title_at(element: Element, path: str) -> str | None:
    """`bare_title` of the first element there."""
    return bare_title(text_at(element, path))


def bare_title(value: object) -> str | None:
    """The title without what NLM puts around it; None where it only says that there is none.

    NLM sets translated titles in square brackets and ends every title with a full stop that has no other mark.
    """
    shown = fields.plain_of(value, cleaning.MAX_TITLE_CHARACTERS)
    if not shown:
        return None
    bare = _without_full_stop(_without_brackets(_without_full_stop(shown)))
    return None if bare.casefold() in _NO_TITLES else bare or None


def _without_full_stop(title: str) -> str:
    if not title.endswith(".") or title.endswith("..") or _ABBREVIATION.search(title):
        return title
    return title[:-1].rstrip()


def _without_brackets(title: str) -> str:
    """The title inside square brackets that stand around the whole of it."""
    if not (title.startswith("[") and title.endswith("]")):
        return title
    depth = 0
    for character in title[:-1]:
        depth += (character == "[") - (character == "]")
        if not depth:
            return title
    return title[1:-1].strip()


def abstract_of(abstract: Element | None) -> str | None:
    """The sections of an abstract in one text, each led in by its label: `METHODS: We counted.`"""
    if abstract is None:
        return None
    sections = [_section(section) for section in abstract.iterfind("AbstractText")]
    return cleaning.plain_abstract(" ".join(section for section in sections if section))


def _section(section: Element) -> str:
    text = "".join(section.itertext()).strip()
    label = section.get("Label", "").strip().rstrip(":").rstrip()
    if not text or label.casefold() in LABELS_THAT_SAY_NOTHING:
        return text
    has_label = text[: len(label) + 1].casefold() == f"{label}:".casefold()
    return text if has_label else f"{label}: {text}"


def date_of(*dates: Element | None) -> str | None:
    """The earliest of the dates, as exact as it is given; of two in one month or year the more exact one.

    A span (`1998 Dec-1999 Jan`, `Jul-Aug`) counts from its start; a season says no month.
    """
    found = [parts for date in dates if date is not None and (parts := _parts(date))]
    if not found:
        return None
    return _iso(min(found))


def date_in(text: str | None) -> str | None:
    """The date in a text as NLM writes it (`2025 Dec 1`, `1998 Dec-1999 Jan`, `2001 Spring`), as `date_of` has it."""
    parts = _parts_of(text or "")
    return _iso(parts) if parts else None


def _iso(parts: tuple[int, int, int]) -> str:
    year, month, day = parts
    return "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part != _UNKNOWN_PART)])


def _parts(date: Element) -> tuple[int, int, int] | None:
    month = text_at(date, "Month") or text_at(date, "Season")
    day = text_at(date, "Day") if month else None
    given = (text_at(date, "MedlineDate"), text_at(date, "Year"), month, day)
    return _parts_of(" ".join(part.strip() for part in given if part))


def _parts_of(text: str) -> tuple[int, int, int] | None:
    found = _DATE.search(text)
    if not found:
        return None
    parts = [int(found[1])]
    if number := int(found[3]) if found[3] else _month(found[2] or ""):
        parts += [number, *([int(found[4])] if found[4] else [])]
    while parts and not fields.is_date(*parts):
        parts.pop()
    year, month_number, day_number = [*parts, *[_UNKNOWN_PART] * (3 - len(parts))]
    return (year, month_number, day_number) if parts else None


def _month(name: str) -> int | None:
    short = name[:3].lower()
    return SHORT_MONTHS.index(short) + 1 if short in SHORT_MONTHS else None


def authors_of(authors: Element | None) -> tuple[Author, ...]:
    """The persons and groups of an author list, but those that NLM marks as wrong (`ValidYN="N"`)."""
    people = () if authors is None else authors.iterfind("Author")
    return fields.authors_of(_author(person) for person in people if person.get("ValidYN") != "N")


def _author(person: Element) -> Author | None:
    parts = (text_at(person, "LastName"), text_at(person, "Suffix"))
    return fields.author_of(
        name=text_at(person, "CollectiveName"),
        given=text_at(person, "ForeName") or text_at(person, "Initials"),
        family=" ".join(part for part in parts if part),
        orcid=_orcid(person),
    )


def _orcid(person: Element) -> str | None:
    """The ORCID in the many ways that publishers write it: as an address, bare, with a lead, without hyphens."""
    for identifier in person.iterfind("Identifier"):
        if identifier.get("Source", "").strip().upper() == "ORCID":
            found = _ORCID.search("".join(identifier.itertext())[:200])
            if found:
                return "-".join(found.groups())
    return None


def publication_types_of(element: Element, path: str) -> frozenset[str]:
    """The kinds of publication in lower case."""
    return frozenset("".join(one.itertext()).strip().lower() for one in element.iterfind(path))


def type_of(publication_types: frozenset[str]) -> str:
    """The kind in Crossref's words; what NLM counts as other kinds (reviews, letters, news) stands in a journal."""
    return next((_TYPES[name] for name in _TYPES if name in publication_types), "journal-article")


def is_retracted(citation: Element, publication_types: frozenset[str]) -> bool:
    """True where the article was taken back; the notice that takes another one back is none."""
    references = citation.iterfind(_COMMENTS)
    return _RETRACTED in publication_types or any(
        reference.get("RefType") in _RETRACTING_REFERENCES for reference in references
    )


def references_of(citation: Element, lists: Iterable[Element]) -> tuple[Identifier, ...]:
    """What the works that are cited are called: each by its PMID, else by its DOI or PMC id.

    They stand in lists of references, which may hold further lists, and in some records among the comments and
    corrections.
    """
    cited = (each for each in citation.iterfind(_COMMENTS) if each.get("RefType") == _CITING_REFERENCE)
    pmids = (Identifier("pmid", pmid) for each in cited if (pmid := normalise("pmid", text_at(each, "PMID"))))
    listed = (name for each in lists for work in each.iter("Reference") if (name := _name_of(work)))
    return tuple(dict.fromkeys(islice(chain(pmids, listed), fields.MAX_REFERENCES)))


def _name_of(work: Element) -> Identifier | None:
    ids = [(each.get("IdType"), each.text or "") for each in work.iterfind("ArticleIdList/ArticleId")]
    names = (
        (scheme, text) for kind, scheme in _REFERENCE_SCHEMES.items() for told, text in ids if told == kind
    )
    return next(iter(fields.identifiers_of(*names)), None)
