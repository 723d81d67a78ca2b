"""What a search may ask, by GET and by POST alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from research_api.domain.record_bodies import RECORD_FIELDS
from research_api.domain.search import (
    FACETS,
    MAX_PAGE,
    MAX_QUERY_CHARACTERS,
    SOURCE_NAMES,
    Filters,
    Mode,
    SearchRequest,
    Sort,
    Versions,
)
from research_api.domain.works import WORK_TYPES
from research_api.web.fields import (
    DEFAULT_DEADLINE_MS,
    ComposedText,
    DeadlineMs,
    Text,
    TextList,
    Truth,
    WholeNumber,
)
from research_api.web.negotiation import FormatField
from research_api.web.work_schemas import ArgumentsSchema

DEFAULT_PAGE = 10
MAX_YEAR = 9999
MAX_CITATIONS = 1_000_000_000
# a cursor of ours has some 80
MAX_CURSOR_CHARACTERS = 512
# a list may repeat names, yet not for ever
MAX_LIST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class FirstPage:
    """A new search. fields: the record fields to give; empty means all. format: None where it was not named.

    deadline_seconds: the answer goes out then, with what is there. is_fresh: it may not come from the cache.
    """

    request: SearchRequest
    limit: int
    fields: frozenset[str]
    format: str | None
    deadline_seconds: float
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class NextPage:
    """The page of a cursor. request: the search that the caller takes it for, None where not said."""

    cursor: str
    request: SearchRequest | None
    limit: int
    fields: frozenset[str]
    format: str | None


class SearchArgumentsSchema(ArgumentsSchema):
    """A search, or the next page of one. Lists are comma-separated in GET and arrays in POST."""

    q = ComposedText(
        max_characters=MAX_QUERY_CHARACTERS,
        metadata={
            "description": 'The query: words, "phrases", AND OR NOT ( ), title: author: venue: year:, '
            "trailing *. Required unless cursor is given.",
            "examples": ['title:"neural network" AND year:2010-2020'],
        },
    )
    mode = fields.String(
        validate=validate.OneOf(list(Mode)),
        metadata={
            "description": "hybrid ranks by words and by meaning, lexical and vector by one of them; "
            "strict returns only what proves the query.",
            "default": "hybrid",
        },
    )
    sources = TextList(
        fields.String(validate=validate.OneOf(SOURCE_NAMES)),
        max_items=MAX_LIST_ITEMS,
        metadata={"description": "Whom to ask. A source that is not enabled here is reported as skipped."},
    )
    year_from = WholeNumber(
        0, MAX_YEAR, metadata={"description": "Inclusive; leaves out works without a year."}
    )
    year_to = WholeNumber(
        0, MAX_YEAR, metadata={"description": "Inclusive; leaves out works without a year."}
    )
    type = TextList(
        fields.String(validate=validate.OneOf(sorted(WORK_TYPES))),
        max_items=MAX_LIST_ITEMS,
        metadata={"description": "Work types in Crossref's vocabulary; any of them will do."},
    )
    open_access = Truth(metadata={"description": "false wants closed or unknown works."})
    min_citations = WholeNumber(
        0, MAX_CITATIONS, metadata={"description": "A work whose count is unknown counts as 0."}
    )
    exclude_retracted = Truth(metadata={"description": "Leaves retracted works out.", "default": False})
    sort = fields.String(
        validate=validate.OneOf(list(Sort)),
        metadata={"description": "The order of the results.", "default": "relevance"},
    )
    facets = TextList(
        fields.String(validate=validate.OneOf(FACETS)),
        max_items=MAX_LIST_ITEMS,
        metadata={
            "description": "What to count over all matching works; in JSON alone. "
            "In open_access, false counts the closed and the unknown ones."
        },
    )
    versions = fields.String(
        validate=validate.OneOf(list(Versions)),
        metadata={
            "description": "collapse shows the published work alone where its preprint was found too; "
            "keep shows both.",
            "default": "collapse",
        },
    )
    limit = WholeNumber(1, MAX_PAGE, load_default=DEFAULT_PAGE, metadata={"description": "Results per page."})
    cursor = Text(
        validate=validate.Length(min=1, max=MAX_CURSOR_CHARACTERS),
        metadata={"description": "next_cursor of the page before. What is sent beside it must ask the same."},
    )
    deadline_ms = DeadlineMs()
    fresh = Truth(
        metadata={
            "description": "true asks the sources anew, once a minute for each key.",
            "default": False,
        }
    )
    record_fields = TextList(
        fields.String(validate=validate.OneOf(RECORD_FIELDS)),
        max_items=MAX_LIST_ITEMS,
        data_key="fields",
        metadata={
            "description": "The fields of each result; id is always there. Not with bibtex, ris and csl."
        },
    )
    format = FormatField()

    @validates_schema
    def _check_years(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if "year_from" in data and "year_to" in data and data["year_from"] > data["year_to"]:
            raise ValidationError("Must not be after year_to.", "year_from")

    @validates_schema
    def _check_question(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        """A cursor stands for the whole question, so a part of one beside it can only mislead."""
        if "q" in data:
            return
        if "cursor" not in data:
            raise ValidationError("Send q, or the cursor of a page.", "q")
        loose = data.keys() - {"cursor", "limit", "record_fields", "format"}
        if loose:
            raise ValidationError({name: ["Send this with q, or leave it out."] for name in sorted(loose)})

    @post_load
    def _to_page(self, data: dict[str, Any], **_kwargs: Any) -> FirstPage | NextPage:
        request = _request(data) if "q" in data else None
        wanted = frozenset(data.get("record_fields", ()))
        if request is not None and "cursor" not in data:
            return FirstPage(
                request,
                data["limit"],
                wanted,
                data.get("format"),
                data.get("deadline_ms", DEFAULT_DEADLINE_MS) / 1000,
                data.get("fresh", False),
            )
        return NextPage(data["cursor"], request, data["limit"], wanted, data.get("format"))


def _request(data: Mapping[str, Any]) -> SearchRequest:
    return SearchRequest(
        text=data["q"],
        mode=Mode(data.get("mode", Mode.HYBRID)),
        sort=Sort(data.get("sort", Sort.RELEVANCE)),
        filters=Filters(
            year_from=data.get("year_from"),
            year_to=data.get("year_to"),
            types=_names(data, "type"),
            open_access=data.get("open_access"),
            min_citations=data.get("min_citations"),
            exclude_retracted=data.get("exclude_retracted", False),
        ),
        sources=_names(data, "sources"),
        facets=_names(data, "facets"),
        versions=Versions(data.get("versions", Versions.COLLAPSE)),
    )


def _names(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Each name once, in the order given."""
    return tuple(dict.fromkeys(data.get(name, ())))
