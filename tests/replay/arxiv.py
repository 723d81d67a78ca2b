"""arXiv's API, as recordings and its manual show it (info.arxiv.org/help/api/user-manual.html, read 2026-11)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qs
from xml.sax.saxutils import escape, quoteattr

from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf
from tests.replay.tagged import Holds, Malformed, has, newest_first, read_query
from tests.replay.works import SampleWork

# 3.1.1.2: a larger max_results is a 400; 10 where none is given (3.1.1)
_MAX_RESULTS, _DEFAULT_RESULTS = 30_000, 10
# 3.1.1.3
_SORTS = ("relevance", "lastUpdatedDate", "submittedDate")
_ORDERS = ("ascending", "descending")
# Appendix 5.1: prefixes of fields, and the range of days
_CLAUSE = re.compile(
    r'(?P<field>ti|au|abs|co|jr|cat|rn|id|all):(?P<value>"[^"]*"|[^\s()":*\[\]]+)'
    r"|submittedDate:\[(?P<first>\d{12}) TO (?P<last>\d{12})\]"
)
# arXiv's help on identifiers; a recording (ERR400_arxiv_py__id_abc) refuses `abc`, others answer 0000.0000 with nothing
_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?")
_FEED = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"'
    ' xmlns="http://www.w3.org/2005/Atom">'
)


class _Refused(Exception):
    """text: what the entry of the error says."""


class ArxivReplay:
    """Speaks for arXiv."""

    name = "arxiv"

    def __init__(self, works: Sequence[SampleWork]) -> None:
        self._shelf = Shelf(works, self.name)

    def answer(self, asked: Asked) -> Answered:
        if asked.path != "/query":
            return Answered(404, {"Content-Type": "text/html"}, b"<html><title>404 Not Found</title></html>")
        params = asked.params if asked.method == "GET" else parse_qs(asked.body.decode())
        try:
            return self._query({name: values[0] for name, values in params.items()})
        except _Refused as refused:
            return _feed(400, 1, 1, 0, [_error(str(refused))])

    def _query(self, params: dict[str, str]) -> Answered:
        start = _number(params, "start", 0)
        size = _number(params, "max_results", _DEFAULT_RESULTS)
        if size > _MAX_RESULTS:
            raise _Refused("max_results must be less than 30,000")
        if (
            params.get("sortBy", _SORTS[0]) not in _SORTS
            or params.get("sortOrder", _ORDERS[0]) not in _ORDERS
        ):
            raise _Refused("sortBy or sortOrder has no such value")
        works = self._found(params)
        if params.get("sortBy", _SORTS[0]) != _SORTS[0]:
            works = newest_first(works)
            works = works if params.get("sortOrder", _ORDERS[1]) == _ORDERS[1] else works[::-1]
        shown = [self._entry(work) for work in works[start : start + size]]
        return _feed(200, len(works), size, start, shown)

    def _found(self, params: dict[str, str]) -> list[SampleWork]:
        """3.1.1.1: the papers of the list, those that the query finds, or those of the list that it finds."""
        query, ids = params.get("search_query", ""), params.get("id_list", "")
        works = self._listed(ids.split(",")) if ids else self._shelf.works if query else []
        if not query:
            return works
        try:
            holds = read_query(query, _CLAUSE, _holds)
        except Malformed as error:
            raise _Refused(f"cannot parse {error}") from error
        found = {work.number for work in works}
        return [work for work in self._shelf.best_first(query, holds) if work.number in found]

    def _listed(self, ids: list[str]) -> list[SampleWork]:
        for one in ids:
            if not _ID.fullmatch(one):
                raise _Refused(f"incorrect id format for {one}")
        works = [self._shelf.by("arxiv", re.sub(r"v\d+$", "", one)) for one in ids]
        return [work for work in works if work is not None]

    def _entry(self, work: SampleWork) -> str:
        """3.3.2; every third paper names the version that was published, as authors may do."""
        address = f"arxiv.org/abs/{work.arxiv}v1"
        published = self._shelf.every.get(work.preprint_of or -1)
        told = [
            f"<id>http://{address}</id><title>{escape(_tex_title(work))}</title>",
            f"<updated>{work.date}T08:18:33Z</updated>",
            f'<link href="https://{address}" rel="alternate" type="text/html"/>',
            f"<summary>  {escape(work.abstract or '')}\n</summary>",
            '<category term="cs.IT" scheme="http://arxiv.org/schemas/atom"/>',
            f"<published>{work.date}T08:18:33Z</published>",
            "<arxiv:comment>12 pages</arxiv:comment>",
            *(f"<author><name>{escape(author.name)}</name></author>" for author in work.authors),
        ]
        if published is not None and work.number % 3 == 0:
            told += [
                f"<arxiv:journal_ref>{escape(published.venue)}</arxiv:journal_ref>",
                f"<arxiv:doi>{escape(published.doi or '')}</arxiv:doi>",
            ]
        return f"<entry>{''.join(told)}</entry>"


def _tex_title(work: SampleWork) -> str:
    first, _, rest = work.title.partition(" ")
    return f"\\emph{{{first}}}\n  {rest}" if work.has_markup else work.title


def _number(params: dict[str, str], name: str, default: int) -> int:
    """3.4: start and max_results must be whole numbers from 0."""
    text = params.get(name, str(default))
    if not re.fullmatch(r"\d+", text, re.ASCII):
        raise _Refused(f"{name} must be a whole number, and not below 0")
    return int(text)


def _holds(clause: re.Match[str]) -> Holds:
    if clause["first"]:
        first, last = clause["first"][:8], clause["last"][:8]
        return lambda work: first <= work.date.replace("-", "") <= last
    value = clause["value"]

    def holds(work: SampleWork) -> bool:
        names = " , ".join(author.name for author in work.authors)
        texts = {"ti": work.title, "au": names, "abs": work.abstract or "", "jr": ""}
        texts["all"] = " , ".join([work.title, work.abstract or "", names])
        return has(texts.get(clause["field"], ""), value)

    return holds


def _error(text: str) -> str:
    """As in the recording of a malformed id."""
    address = "https://arxiv.org/api/errors#" + re.sub(r"\W+", "_", text)
    return (
        f"<entry><id>{address}</id><title>Error</title><link href={quoteattr(address)} rel='alternate'/>"
        f"<summary>{escape(text)}</summary><author><name>arXiv api core</name></author></entry>"
    )


def _feed(status: int, total: int, size: int, start: int, entries: list[str]) -> Answered:
    numbers = (("itemsPerPage", size), ("totalResults", total), ("startIndex", start))
    told = "".join(f"<opensearch:{name}>{number}</opensearch:{name}>" for name, number in numbers)
    body = f"{_FEED}<title>arXiv Query</title>{told}{''.join(entries)}</feed>\n"
    return Answered(status, {"Content-Type": "application/atom+xml; charset=utf-8"}, body.encode())


REPLAY = ArxivReplay
