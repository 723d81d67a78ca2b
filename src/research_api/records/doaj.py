"""An article as DOAJ gives it.

Source: DOAJ API 4.0.0, GET /api/v4/search/articles/{query} (doaj.org/api/v4/docs, its schema "Article search"; read
2026-11), and answers recorded from version 2, which has the same articles.
Read: id; of bibjson title, abstract, author, year, month, journal.title, journal.license, identifier (doi), link.
Not read: affiliations, ISSNs, volume, number and pages, keywords, subjects, the publisher, when DOAJ took the article
in. DOAJ knows neither citations nor references, and says of a retraction what the title says.
"""

from __future__ import annotations

import re

from research_api.domain.works import Author, OpenAccess, Record
from research_api.records import cleaning, fields, names, retractions
from research_api.records.errors import Rejected
from research_api.records.months import SHORT_MONTHS

SOURCE = "doaj"

_ARTICLE_PAGE = "https://doaj.org/article/"
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_NUMBER = re.compile(r"0?([1-9]|1[0-2])", re.ASCII)


def to_record(article: dict[str, object]) -> Record:
    """The record that DOAJ names by the article's id. Raises Rejected without an id or a title.

    Every article is open: DOAJ takes in journals only that are open as a whole. The licence is that of the journal.
    """
    source_id = fields.text_of(article.get("id")) or ""
    if not _ID.fullmatch(source_id):
        raise Rejected("the record has no DOAJ id (letters, digits and hyphens)")
    told = fields.members_of(article.get("bibjson"))
    journal = fields.members_of(told.get("journal"))
    title = fields.title_of(told.get("title"))
    year = fields.year_of(told.get("year"))
    full_text, page = _links(told)
    return Record(
        source=SOURCE,
        source_id=source_id,
        title=title,
        abstract=fields.abstract_of(told.get("abstract")),
        authors=fields.authors_of(_author(entry) for entry in fields.items_of(told.get("author"))),
        year=year,
        date=_date(year, told.get("month")),
        venue=fields.plain_of(journal.get("title"), cleaning.MAX_VENUE_CHARACTERS),
        type="journal-article",
        identifiers=fields.identifiers_of(*(("doi", value) for value in _dois(told))),
        url=page or _ARTICLE_PAGE + source_id,
        open_access=OpenAccess(is_oa=True, url=full_text, license=_licence(journal)),
        retracted=retractions.is_marked(title),
    )


def _author(entry: object) -> Author | None:
    person = fields.members_of(entry)
    return names.person_of(person.get("name"), person.get("orcid_id"))


def _date(year: int | None, month: object) -> str | None:
    """`YYYY-MM`, or `YYYY` where the month is none; it is written `4`, `04`, `July`, and `0` for unknown."""
    if year is None:
        return None
    text = month.strip() if isinstance(month, str) else ""
    number = _NUMBER.fullmatch(text)
    if number:
        return f"{year:04}-{int(number[1]):02}"
    short = text[:3].lower()
    return f"{year:04}-{SHORT_MONTHS.index(short) + 1:02}" if short in SHORT_MONTHS else f"{year:04}"


def _dois(told: dict[str, object]) -> list[object]:
    entries = map(fields.members_of, fields.items_of(told.get("identifier")))
    return [entry.get("id") for entry in entries if str(entry.get("type")).lower() == "doi"]


def _links(told: dict[str, object]) -> tuple[str | None, str | None]:
    """Where the text itself is, and where its page is; one stands in for the other."""
    entries = map(fields.members_of, fields.items_of(told.get("link")))
    found = [(str(each.get("content_type")).lower(), fields.url_of(each.get("url"))) for each in entries]
    files = [url for kind, url in found if url and kind == "pdf"]
    pages = [url for kind, url in found if url and kind != "pdf"]
    return next(iter(files + pages), None), next(iter(pages + files), None)


def _licence(journal: dict[str, object]) -> str | None:
    """The first licence of the journal: `cc-by` for `CC BY`; others in their own words."""
    for entry in fields.items_of(journal.get("license")):
        name = fields.plain_of(fields.members_of(entry).get("type"), cleaning.MAX_NAME_CHARACTERS)
        if name:
            name = name.lower()
            return name.replace(" ", "-") if name.startswith(("cc", "public domain")) else name
    return None
