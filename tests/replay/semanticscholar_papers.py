"""Papers as Semantic Scholar gives them: the fields that were asked, and those that always come.

Rules: api.semanticscholar.org/api-docs/graph, schemas FullPaper, BasePaper, AuthorInPaper (read 2026-11); forms of
externalIds, openAccessPdf and authors as recorded (test_get_papers_not_found_warning).
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.replay.works import SampleAuthor, SampleWork

_PAPER = (
    "paperId corpusId externalIds url title abstract venue publicationVenue year referenceCount citationCount "
    "influentialCitationCount isOpenAccess openAccessPdf fieldsOfStudy s2FieldsOfStudy publicationTypes "
    "publicationDate journal citationStyles authors"
)
_TYPES = (
    "Review JournalArticle CaseReport ClinicalTrial Conference Dataset Editorial LettersAndComments MetaAnalysis "
    "News Study Book BookSection"
)
_BASE = frozenset(_PAPER.split())
_NESTED = frozenset(f"{end}.{field}" for end in ("references", "citations") for field in _BASE)
_PEOPLE = frozenset(
    f"authors.{field}" for field in ("authorId", "name", "externalIds", "url", "affiliations")
)
# "Nested paper data, such as citations, references, etc, is not available via this method" (bulk search)
BULK_FIELDS = _BASE
EDGE_FIELDS = _BASE | {"contexts", "intents", "contextsWithIntent", "isInfluential"}
SEARCH_FIELDS = _BASE | _NESTED | _PEOPLE | {"references", "citations", "tldr", "embedding"}
PUBLICATION_TYPES = frozenset(_TYPES.split())


def type_of(work: SampleWork) -> str:
    """The one publication type that the work has; a preprint is a JournalArticle."""
    return "Conference" if work.type == "proceedings-article" else "JournalArticle"


def paper(work: SampleWork, wanted: set[str], cited: Sequence[SampleWork] = ()) -> dict[str, object]:
    """The paper with the fields wanted; `authors` and `references` stand in them where any part of these is wanted."""
    whole = {
        "paperId": work.s2,
        "corpusId": work.corpus_id,
        "externalIds": _external_ids(work),
        "url": f"https://www.semanticscholar.org/paper/{work.s2}",
        "title": work.title,
        "abstract": work.abstract,
        "venue": "arXiv.org" if work.arxiv else work.venue,
        "publicationVenue": None,
        "year": work.year,
        "referenceCount": len(work.references),
        "citationCount": work.citation_count,
        "influentialCitationCount": 0,
        "isOpenAccess": work.is_oa,
        "openAccessPdf": _pdf(work),
        "publicationTypes": [type_of(work)],
        "publicationDate": work.date,
        "journal": {"name": work.venue, "volume": "1"},
        "authors": [_author(author, work, place, wanted) for place, author in enumerate(work.authors)],
        "references": [_cited(one, wanted) for one in cited],
    }
    return {name: value for name, value in whole.items() if name in wanted or name == "paperId"}


def _external_ids(work: SampleWork) -> dict[str, object]:
    named = {
        "DOI": work.doi.upper() if work.doi and work.number % 3 == 0 else work.doi,
        "PubMed": work.pmid,
        "PubMedCentral": work.pmcid and work.pmcid.removeprefix("PMC"),
        "ArXiv": work.arxiv,
        "CorpusId": work.corpus_id,
        "MAG": str(work.number),
    }
    return {name: value for name, value in named.items() if value is not None}


def _pdf(work: SampleWork) -> dict[str, object] | None:
    if not work.is_oa:
        return None
    licence = work.license and work.license.replace("-", "").upper()
    return {
        "url": work.url,
        "status": "GREEN",
        "license": licence,
        "disclaimer": "Notice: of no interest here.",
    }


def _author(author: SampleAuthor, work: SampleWork, place: int, wanted: set[str]) -> dict[str, object]:
    """The name comes by itself only where no part of the authors is asked by its own name."""
    parts = {part.partition(".")[2] for part in wanted if part.startswith("authors.")}
    found: dict[str, object] = {"authorId": str(work.number * 10 + place)}
    if not parts or "name" in parts:
        found["name"] = author.name
    if "externalIds" in parts:
        found["externalIds"] = {"ORCID": author.orcid} if author.orcid else {}
    return found


def _cited(work: SampleWork, wanted: set[str]) -> dict[str, object]:
    """A work in the list of references; one that it does not have has no paperId."""
    parts = {part.partition(".")[2] for part in wanted if part.startswith("references.")}
    found: dict[str, object] = {"paperId": work.s2 if "semanticscholar" in work.held_by else None}
    if not parts or "title" in parts:
        found["title"] = work.title
    if "externalIds" in parts:
        found["externalIds"] = _external_ids(work) if found["paperId"] else None
    return found
