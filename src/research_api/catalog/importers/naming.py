"""Who a record is where its format has no ids that hold for the world: BibTeX, RIS, CSL-JSON, NDJSON and CSV.

A record of an export of ours carries the id of its work and the identifiers of that. Its source is `export`, or the
namespace where one is given, its id there is the work's; it joins the work it came from by the identifiers. Any
other record needs a namespace, and is (namespace, citation key), with `identifiers.local` = `NAMESPACE:key`.
"""

from __future__ import annotations

from dataclasses import dataclass

from research_api.catalog.importers.collection import RESERVED
from research_api.catalog.importers.contract import UnreadableInput
from research_api.domain.exports import EXPORT_SOURCE
from research_api.domain.identifiers import is_namespace, is_work_id, normalise
from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.records import cleaning, fields
from research_api.records.errors import Rejected

# 70 bytes each
MAX_KEYS_REMEMBERED = 1_000_000
_UNSAID = OpenAccess()


@dataclass(frozen=True, slots=True)
class Told:
    """What one record says, nothing cleaned or checked but the authors.

    type: a Crossref type. identifiers: pairs of scheme and value, the strongest first.
    """

    title: object
    abstract: object = None
    authors: tuple[Author, ...] = ()
    year: object = None
    date: object = None
    venue: object = None
    type: object = None
    identifiers: tuple[tuple[str, object], ...] = ()
    url: object = None
    open_access: OpenAccess = _UNSAID
    citation_count: object = None
    retracted: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """is_ours: an export of ours, whose texts are taken as they stand: they went through all cleaning before."""

    source: str
    source_id: str
    is_ours: bool

    def text(self, value: object, max_characters: int) -> str | None:
        """The text as the catalog keeps it, None where there is none."""
        if not self.is_ours:
            return fields.plain_of(value, max_characters)
        kept = (
            cleaning.cut_at_word(cleaning.clean_text(value), max_characters) if isinstance(value, str) else ""
        )
        return kept or None

    def author(
        self, *, name: object = None, given: object = None, family: object = None, orcid: object = None
    ) -> Author | None:
        """One author, None where there is no name; without `name` the parts are joined, given name first."""
        if not self.is_ours:
            return fields.author_of(name=name, given=given, family=family, orcid=orcid)
        whole, first, last = (self.text(part, cleaning.MAX_NAME_CHARACTERS) for part in (name, given, family))
        shown = whole or " ".join(part for part in (first, last) if part)
        return Author(shown, first, last, fields.orcid_of(orcid)) if shown else None

    def record(self, told: Told) -> Record:
        """The record. Raises Rejected where it has no title."""
        title = self.text(told.title, cleaning.MAX_TITLE_CHARACTERS)
        if title is None:
            raise Rejected("the record has no title")
        date = fields.date_of(told.date)
        year = fields.year_of(told.year)
        if year is None and date and not self.is_ours:
            year = int(date[:4])
        return Record(
            source=self.source,
            source_id=self.source_id,
            title=title,
            abstract=self._abstract(told.abstract),
            authors=told.authors[: fields.MAX_AUTHORS],
            year=year,
            date=date,
            venue=self.text(told.venue, cleaning.MAX_VENUE_CHARACTERS),
            type=fields.type_of(told.type),
            identifiers=self._identifiers(told),
            url=fields.url_of(told.url),
            open_access=told.open_access,
            citation_count=fields.count_of(told.citation_count),
            retracted=told.retracted,
        )

    def _abstract(self, value: object) -> str | None:
        if self.is_ours:
            return self.text(value, cleaning.MAX_ABSTRACT_CHARACTERS)
        return cleaning.plain_abstract(value) if isinstance(value, str) else None

    def _identifiers(self, told: Told) -> tuple[Identifier, ...]:
        own = () if self.is_ours else (("local", f"{self.source}:{self.source_id}"),)
        return fields.identifiers_of(*told.identifiers, *own)


class Naming:
    """Names the records of one file."""

    def __init__(self, namespace: str | None) -> None:
        """Raises UnreadableInput for a namespace that is malformed or the name of a source."""
        if namespace is not None and (not is_namespace(namespace) or namespace in RESERVED):
            raise UnreadableInput(
                f"{namespace} cannot be the namespace: take lower case letters, digits, dots, hyphens, and no "
                "name of a source."
            )
        self._namespace = namespace
        self._has_ours = False
        self._hashes: set[int] = set()

    def named(self, key: object, work_id: object) -> Named:
        """work_id: what stands where an export of ours has the id of the work.

        Raises Rejected without a usable key; UnreadableInput where a record that is not ours comes first and
        there is no namespace.
        """
        if isinstance(work_id, str) and is_work_id(work_id):
            self._has_ours = True
            return Named(self._namespace or EXPORT_SOURCE, work_id, is_ours=True)
        if self._namespace is None:
            detail = (
                "records that are not from an export of this service need a name for their file: --namespace"
            )
            if not self._has_ours:
                raise UnreadableInput(f"These {detail} NAME.")
            raise Rejected(detail)
        usable = (
            cleaning.clean_text(str(key)) if isinstance(key, str | int) and not isinstance(key, bool) else ""
        )
        if normalise("local", f"{self._namespace}:{usable}") is None:
            raise Rejected("the record has no usable key: 1 to 256 characters without doubled spaces")
        self._check_new(usable)
        return Named(self._namespace, usable, is_ours=False)

    def _check_new(self, key: str) -> None:
        """Raises Rejected for a key that stood before: stored, the second record would replace the first."""
        if hash(key) in self._hashes:
            raise Rejected("another record of this file has the same key, and the first one counts")
        if len(self._hashes) < MAX_KEYS_REMEMBERED:
            self._hashes.add(hash(key))
