"""A work as Semantic Scholar gives it.

Source: Academic Graph API, schemas FullPaper, BasePaper and AuthorInPaper (api.semanticscholar.org/api-docs/graph,
read 2026-11).
Read: paperId, corpusId, externalIds (DOI, PubMed, PubMedCentral, ArXiv, CorpusId), url, title, abstract, venue,
publicationVenue, journal, year, publicationDate, publicationTypes, citationCount, isOpenAccess, openAccessPdf,
authors (name, ORCID), and of each reference its identifiers.
Not read: fields of study, embeddings, summaries by a model, influential citations, affiliations, MAG, DBLP and ACL
ids. It has no marks of retraction.
"""

from __future__ import annotations

import re

from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.records import cleaning, fields
from research_api.records.errors import Rejected

SOURCE = "semanticscholar"

_PAPER_ID = re.compile(r"[0-9a-f]{40}")
# It capitalises the words of titles, those inside entities too: `Don&Apos;T` (recorded)
_CAPITAL_ENTITY = re.compile(r"&(?:Amp|Apos|Gt|Lt|Quot);")
_CREATIVE_COMMONS = re.compile(r"CC(BY)(NC)?(SA|ND)?", re.IGNORECASE)

# The first that a paper has tells its type: one paper may be ["Book", "JournalArticle", "Conference"] (recorded).
# A review, a case report or a letter stands in a journal, as in `records.openalex`.
_TYPES = (
    ("Dataset", "dataset"),
    ("BookSection", "book-chapter"),
    ("Conference", "proceedings-article"),
    ("JournalArticle", "journal-article"),
    ("Book", "book"),
    ("Review", "journal-article"),
    ("CaseReport", "journal-article"),
    ("ClinicalTrial", "journal-article"),
    ("Editorial", "journal-article"),
    ("LettersAndComments", "journal-article"),
    ("MetaAnalysis", "journal-article"),
    ("Study", "journal-article"),
    ("News", "other"),
)
# A paper on a preprint server is a JournalArticle for it (recorded: venue arXiv.org).
_PREPRINT_SERVERS = frozenset({"arxiv", "arxiv.org", "biorxiv", "medrxiv", "chemrxiv"})
_JOURNAL = "journal"


def to_record(paper: dict[str, object]) -> Record:
    """The record that Semantic Scholar names by its paperId. Raises Rejected without such an id or a title.

    A paper that it knows only from a list of references has no paperId. is_oa is what isOpenAccess says; where that
    was not asked, a PDF that is not closed makes it true.
    """
    source_id = fields.text_of(paper.get("paperId")) or ""
    if not _PAPER_ID.fullmatch(source_id):
        raise Rejected("the record has no Semantic Scholar paperId (40 hexadecimal digits)")
    venue = _venue(paper)
    return Record(
        source=SOURCE,
        source_id=source_id,
        title=_title(paper.get("title")),
        abstract=fields.abstract_of(paper.get("abstract")),
        authors=fields.authors_of(_author(entry) for entry in fields.items_of(paper.get("authors"))),
        year=fields.year_of(paper.get("year")),
        date=fields.date_of(paper.get("publicationDate")),
        venue=venue,
        type=_type(paper, venue),
        identifiers=identifiers_of(paper),
        url=fields.url_of(paper.get("url")),
        open_access=_open_access(paper),
        citation_count=fields.count_of(paper.get("citationCount")),
        references=_references(paper.get("references")),
    )


def identifiers_of(paper: dict[str, object]) -> tuple[Identifier, ...]:
    """All identifiers of a paper, DOI first; of the two of its own the paperId comes before the CorpusId.

    CorpusId is a number, PubMed is text (recorded).
    """
    external = fields.members_of(paper.get("externalIds"))
    corpus_id = fields.written_of(paper.get("corpusId")) or fields.written_of(external.get("CorpusId"))
    return fields.identifiers_of(
        ("doi", external.get("DOI")),
        ("pmid", fields.written_of(external.get("PubMed"))),
        ("pmcid", fields.written_of(external.get("PubMedCentral"))),
        ("arxiv", external.get("ArXiv")),
        ("s2", paper.get("paperId")),
        ("s2", f"CorpusId:{corpus_id}" if corpus_id else None),
    )


def _title(value: object) -> str:
    text = fields.text_of(value) or ""
    return fields.title_of(_CAPITAL_ENTITY.sub(lambda entity: entity[0].lower(), text))


def _author(entry: object) -> Author | None:
    person = fields.members_of(entry)
    orcids = fields.members_of(person.get("externalIds")).get("ORCID")
    orcid = next(iter(fields.items_of(orcids)), None) if isinstance(orcids, list) else orcids
    return fields.author_of(name=person.get("name"), orcid=orcid)


def _venue(paper: dict[str, object]) -> str | None:
    """The venue; where that is empty its full name, or that of the journal."""
    named = (fields.members_of(paper.get(key)).get("name") for key in ("publicationVenue", "journal"))
    found = (fields.plain_of(name, cleaning.MAX_VENUE_CHARACTERS) for name in (paper.get("venue"), *named))
    return next((name for name in found if name), None)


def _type(paper: dict[str, object], venue: str | None) -> str | None:
    if (venue or "").casefold() in _PREPRINT_SERVERS:
        return "posted-content"
    given = [entry for entry in fields.items_of(paper.get("publicationTypes")) if isinstance(entry, str)]
    if "JournalArticle" in given and fields.members_of(paper.get("publicationVenue")).get("type") == _JOURNAL:
        return "journal-article"
    return next((ours for theirs, ours in _TYPES if theirs in given), None)


def _open_access(paper: dict[str, object]) -> OpenAccess:
    pdf = fields.members_of(paper.get("openAccessPdf"))
    url = fields.url_of(pdf.get("url"))
    stated = paper.get("isOpenAccess")
    is_oa = stated if isinstance(stated, bool) else (True if url and pdf.get("status") != "CLOSED" else None)
    return OpenAccess(True, url, _licence(pdf.get("license"))) if is_oa else OpenAccess(is_oa)


def _licence(value: object) -> str | None:
    """`cc-by-nc-nd` for `CCBYNCND`; any other name in lower case."""
    name = fields.plain_of(value, cleaning.MAX_NAME_CHARACTERS)
    found = _CREATIVE_COMMONS.fullmatch(name or "")
    return (
        "-".join(["cc", *(part for part in found.groups() if part)]).lower()
        if found
        else name and name.lower()
    )


def _references(value: object) -> tuple[Identifier, ...]:
    """One identifier of each work that has any, the strongest."""
    named = (
        identifiers_of(fields.members_of(entry)) for entry in fields.items_of(value)[: fields.MAX_REFERENCES]
    )
    return tuple(dict.fromkeys(identifiers[0] for identifiers in named if identifiers))
