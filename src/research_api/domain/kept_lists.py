"""Kept lists as bytes: a JSON head, all numbers of works, all scores, then the works that came with it, a line each."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from types import MappingProxyType
from typing import Any

from research_api.domain.index import KeptList
from research_api.domain.merging import author_to_body, open_access_to_body
from research_api.domain.search import (
    FacetCount,
    Placed,
    SourceOutcome,
    SourceReport,
    request_from_body,
    request_to_body,
)
from research_api.domain.works import Author, OpenAccess, Rejected, SourceRef, Version, Work

_BYTES_A_WORK = 16
_WORK_FIELDS = tuple(field.name for field in fields(Work))


class LinesOfWorks(Mapping[int, Work]):
    """Works that are read from their lines when somebody asks for them: a page shows ten of some hundreds."""

    def __init__(self, lines: Mapping[int, bytes]) -> None:
        self._lines = lines

    def __getitem__(self, number: int) -> Work:
        return _work_of(json.loads(self._lines[number]))

    def __iter__(self) -> Iterator[int]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def encode_kept(kept: KeptList) -> bytes:
    """The list as bytes; `decode_kept` is the inverse."""
    head = {
        "request": request_to_body(kept.request),
        "total": kept.total,
        "degraded": kept.degraded,
        "is_counted": kept.is_counted,
        "facets": {name: [[one.value, one.count] for one in counts] for name, counts in kept.facets.items()},
        "placed": {
            number: [[one.name, one.rank, one.id] for one in places] for number, places in kept.placed.items()
        },
        "reports": [asdict(report) for report in kept.reports],
    }
    count = len(kept.numbers)
    packed = struct.pack(f"<{count}Q{count}d", *kept.numbers, *kept.scores)
    lines = [b"%d %s" % (number, _text(_body_of(work))) for number, work in kept.works.items()]
    return b"\n".join([_text({**head, "count": count}), packed + b"\n".join(lines)])


def decode_kept(data: bytes) -> KeptList:
    """The list that `encode_kept` was given; its works are read when asked for. Raises ValueError for other bytes."""
    head_text, _, body = data.partition(b"\n")
    head = json.loads(head_text)
    count = int(head["count"])
    try:
        values = struct.unpack(f"<{count}Q{count}d", body[: count * _BYTES_A_WORK])
    except struct.error as error:
        raise ValueError("the list is cut") from error
    lines = (line.partition(b" ") for line in body[count * _BYTES_A_WORK :].split(b"\n") if line)
    return KeptList(
        request=request_from_body(head["request"]),
        numbers=values[:count],
        scores=values[count:],
        total=head["total"],
        facets=_facets_of(head["facets"]),
        degraded=head["degraded"],
        is_counted=head["is_counted"],
        works=LinesOfWorks({int(number): text for number, _, text in lines}),
        placed=MappingProxyType(
            {
                int(number): tuple(Placed(*place) for place in places)
                for number, places in head["placed"].items()
            }
        ),
        reports=tuple(
            SourceReport(**{**report, "outcome": SourceOutcome(report["outcome"])})
            for report in head["reports"]
        ),
    )


def _facets_of(body: Mapping[str, Any]) -> Mapping[str, tuple[FacetCount, ...]]:
    return MappingProxyType(
        {name: tuple(FacetCount(value, count) for value, count in counts) for name, counts in body.items()}
    )


def _text(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _body_of(work: Work) -> dict[str, Any]:
    body: dict[str, Any] = {name: getattr(work, name) for name in _WORK_FIELDS}
    body["authors"] = [author_to_body(author) for author in work.authors]
    body["open_access"] = open_access_to_body(work.open_access)
    body["sources"] = [[source.name, source.id] for source in work.sources]
    body["identifiers"] = dict(work.identifiers)
    body["provenance"] = dict(work.provenance)
    body["disagreements"] = {
        name: [[one.source, one.value] for one in rejected] for name, rejected in work.disagreements.items()
    }
    body["versions"] = [[one.id, one.type, one.year] for one in work.versions]
    return body


def _work_of(body: dict[str, Any]) -> Work:
    body["authors"] = tuple([Author(**author) for author in body["authors"]])
    body["open_access"] = OpenAccess(**body["open_access"])
    body["sources"] = tuple([SourceRef(*source) for source in body["sources"]])
    body["identifiers"] = MappingProxyType(body["identifiers"])
    body["provenance"] = MappingProxyType(body["provenance"])
    body["disagreements"] = MappingProxyType(
        {name: tuple(Rejected(*one) for one in rejected) for name, rejected in body["disagreements"].items()}
    )
    body["versions"] = tuple(Version(*one) for one in body["versions"])
    return Work(**body)
