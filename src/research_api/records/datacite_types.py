"""DataCite's types of resources in the words of Crossref.

Source: DataCite Metadata Schema 4.7, appendix "resourceTypeGeneral" (datacite-metadata-schema.readthedocs.io, read
2026-11).
"""

from __future__ import annotations

from collections.abc import Collection

from research_api.records import fields

_KINDS = {
    "Audiovisual": "other",
    "Award": "grant",
    "Book": "book",
    "BookChapter": "book-chapter",
    "Collection": "other",
    "ComputationalNotebook": "other",
    "ConferencePaper": "proceedings-article",
    "ConferenceProceeding": "proceedings",
    "DataPaper": "journal-article",
    "Dataset": "dataset",
    "Dissertation": "dissertation",
    "Event": "other",
    "Image": "other",
    "Instrument": "other",
    "InteractiveResource": "other",
    "Journal": "journal",
    "JournalArticle": "journal-article",
    "Model": "other",
    "Other": "other",
    "OutputManagementPlan": "other",
    "PeerReview": "peer-review",
    "PhysicalObject": "other",
    "Poster": "other",
    "Preprint": "posted-content",
    "Presentation": "other",
    "Project": "other",
    "Report": "report",
    "Service": "other",
    "Software": "other",
    "Sound": "other",
    "Standard": "standard",
    "StudyRegistration": "other",
    "Workflow": "other",
}
# Text was all there was for writings before schema 4.4 of 2021; what they are stands in words of the depositor
_TEXT = "Text"
_TEXT_WORDS = {
    "article": "journal-article",
    "journalarticle": "journal-article",
    "researcharticle": "journal-article",
    "reviewarticle": "journal-article",
    "preprint": "posted-content",
    "workingpaper": "posted-content",
    "conferencepaper": "proceedings-article",
    "conferencearticle": "proceedings-article",
    "conferenceproceeding": "proceedings",
    "conferenceproceedings": "proceedings",
    "dissertation": "dissertation",
    "doctoralthesis": "dissertation",
    "masterthesis": "dissertation",
    "mastersthesis": "dissertation",
    "phdthesis": "dissertation",
    "thesis": "dissertation",
    "report": "report",
    "technicalreport": "report",
    "book": "book",
    "monograph": "book",
    "bookchapter": "book-chapter",
    "booksection": "book-chapter",
    "chapter": "book-chapter",
    "peerreview": "peer-review",
    "standard": "standard",
}
# what DataCite derives; `article-journal` and RPRT are also what it puts where it knows nothing, so that the first
# counts only beside JOUR (recorded answers, read 2026-11: a "Project" has both)
_CITATION_TYPES = {
    "book": "book",
    "chapter": "book-chapter",
    "dataset": "dataset",
    "paper-conference": "proceedings-article",
    "paper_conference": "proceedings-article",
    "review": "peer-review",
    "thesis": "dissertation",
}
_ARTICLE = ("article-journal", "JOUR")


def type_of(types: dict[str, object]) -> str | None:
    """The type of a work whose `types` are these; None where they say nothing, `other` for writings of any kind."""
    general = fields.text_of(types.get("resourceTypeGeneral"))
    if general in _KINDS:
        return _KINDS[general]
    own_words = fields.text_of(types.get("resourceType")) or ""
    found = _TEXT_WORDS.get("".join(filter(str.isalpha, own_words.lower()))[:40])
    if found:
        return found
    citation_type = fields.text_of(types.get("citeproc"))
    if (citation_type, fields.text_of(types.get("ris"))) == _ARTICLE:
        return "journal-article"
    return _CITATION_TYPES.get(citation_type or "") or ("other" if general == _TEXT else None)


def general_types_of(wanted: Collection[str]) -> tuple[str, ...]:
    """Every resourceTypeGeneral whose works may be of one of Crossref's types, empty where none is."""
    possible = {*_TEXT_WORDS.values(), *_CITATION_TYPES.values(), "other"}
    found = [general for general, kind in _KINDS.items() if kind in wanted]
    return (*found, *([_TEXT] if possible.intersection(wanted) else []))
