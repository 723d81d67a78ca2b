"""OpenCitations Index, REST API v2.

Rules: github.com/opencitations/api, index_v2.hf (read 2026-11): the operations, the pattern of their ids, the rows; a
work that it does not know has none. A path of no operation is a 404 (RAMOSE, which runs it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from urllib.parse import unquote

from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf
from tests.replay.works import SampleWork

_OPERATION = re.compile(r"/(references|citations)/(omid|doi|pmid):(.+)")


class OpenCitationsReplay:
    """Over the works with a DOI that OpenCitations has."""

    name = "opencitations"

    def __init__(self, works: Sequence[SampleWork]) -> None:
        self._shelf = Shelf(works, self.name)

    def answer(self, asked: Asked) -> Answered:
        operation = _OPERATION.fullmatch(unquote(asked.path))
        if asked.method != "GET" or operation is None:
            refusal = {
                "error": 404,
                "message": "HTTP status code 404: the operation requested does not exist",
            }
            return Answered(404, {"Content-Type": "application/json"}, json.dumps(refusal).encode())
        kind, scheme, value = operation.groups()
        work = self._shelf.by(scheme, value)
        rows = self._rows(kind, work) if work else []
        return Answered(200, {"Content-Type": "application/json"}, json.dumps(rows, indent=4).encode())

    def _rows(self, kind: str, work: SampleWork) -> list[dict[str, str]]:
        if kind == "references":
            return [_row(work, one) for one in self._shelf.referred_to_by(work)]
        return [_row(one, work) for one in self._shelf.referring_to(work)]


def _row(citing: SampleWork, cited: SampleWork) -> dict[str, str]:
    return {
        "oci": f"06{citing.number}-06{cited.number}",
        "citing": _ids(citing),
        "cited": _ids(cited),
        "creation": citing.date,
        "timespan": f"P{abs(citing.year - cited.year)}Y",
        "journal_sc": "no",
        "author_sc": "no",
    }


def _ids(work: SampleWork) -> str:
    """All that it has of the work, beginning with its own."""
    named = (("doi", work.doi), ("pmid", work.pmid))
    return " ".join([f"omid:br/06{work.number}", *(f"{scheme}:{value}" for scheme, value in named if value)])


REPLAY = OpenCitationsReplay
