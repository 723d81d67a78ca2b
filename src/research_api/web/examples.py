"""Examples for the OpenAPI document, made by the code that makes the answers."""

from __future__ import annotations

from research_api.domain.record_bodies import work_body
from research_api.domain.related import Related
from research_api.domain.search import (
    FacetCount,
    Hit,
    MatchSpan,
    Mode,
    Relation,
    SearchAnswer,
    SourceOutcome,
    SourceReport,
)
from research_api.domain.works import Author, Identifier, OpenAccess, SourceRef, Work
from research_api.services.edges import EdgesAnswer
from research_api.services.related import RelatedAnswer
from research_api.services.works import BatchAnswer
from research_api.web.edge_bodies import batch_body, edges_body
from research_api.web.related_bodies import related_body
from research_api.web.search_bodies import search_body

_WORK = Work(
    id="w_mfzwi3dsnfxg",
    title="Molecular Structure of Nucleic Acids: A Structure for Deoxyribose Nucleic Acid",
    abstract=None,
    authors=(Author("J. D. Watson"), Author("F. H. C. Crick")),
    year=1953,
    date="1953-04-25",
    venue="Nature",
    type="journal-article",
    identifiers={"doi": "10.1038/171737a0"},
    url="https://doi.org/10.1038/171737a0",
    open_access=OpenAccess(),
    sources=(SourceRef("demo", "10.1038/171737a0"),),
    provenance={"title": "demo", "authors": "demo", "year": "demo", "venue": "demo"},
)
_ANSWER = SearchAnswer(
    text='"nucleic acids" year:1953',
    mode=Mode.STRICT,
    canonical='"nucleic acids" year:1953',
    hits=(Hit(_WORK, 1, 12.5, (MatchSpan("title", 23, 36), MatchSpan("year", 0, 4))),),
    sources=(SourceReport("catalog", SourceOutcome.OK, 1, 3, '"nucleic acids" year:1953'),),
    total=1,
    relation=Relation.EQUAL,
    facets={"type": (FacetCount("journal-article", 1),)},
)

WORK_EXAMPLE = work_body(_WORK)
SEARCH_EXAMPLE = search_body(_ANSWER, (), "4f0c2a6e8d1b4c7f9a3e5d7b1c9f8e6a")
SEARCH_REQUEST_EXAMPLE = {"q": _ANSWER.text, "mode": "strict", "facets": ["type"], "limit": 10}
BATCH_REQUEST_EXAMPLE = {"ids": ["doi:10.1038/171737a0", "pmid:1"]}
BATCH_EXAMPLE = batch_body(
    BatchAnswer((_WORK,), ("pmid:1",), (SourceReport("semanticscholar", SourceOutcome.EMPTY, 0, 412),))
)
EDGES_EXAMPLE = edges_body(
    EdgesAnswer(
        _WORK,
        (
            Work(
                id="w_qhnoxf3vtacu",
                title="The Structure of Sodium Thymonucleate Fibres",
                year=1953,
                identifiers={"doi": "10.1107/s0365110x53001939"},
                sources=(SourceRef("semanticscholar", "10.1107/s0365110x53001939"),),
                provenance={"title": "semanticscholar", "year": "semanticscholar"},
            ),
        ),
        (Identifier("doi", "10.1038/171740a0"),),
        2,
        Relation.EQUAL,
        (
            SourceReport("catalog", SourceOutcome.EMPTY, 0, 3),
            SourceReport("semanticscholar", SourceOutcome.OK, 1, 412),
            SourceReport("opencitations", SourceOutcome.OK, 2, 655),
        ),
    )
)
RELATED_EXAMPLE = related_body(RelatedAnswer(_WORK, (Related(_WORK, 0.41, 0.82, 0),), ()))
