"""Exports know which formats let the caller choose, and pass the rest on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import pytest

from research_api.domain.errors import Invalid
from research_api.domain.exports import EXPORT_FORMATS
from research_api.domain.search import Hit
from research_api.domain.works import Work
from research_api.services.exports import ExportService


class FakeWriter:
    """Writes ids, and the fields it was given."""

    def write(self, shown: Iterable[Hit | Work], fields: Collection[str] = ()) -> Iterator[str]:
        for one in shown:
            yield f"{(one.work if isinstance(one, Hit) else one).id} {sorted(fields)}"


EXPORTS = ExportService({name: FakeWriter() for name in EXPORT_FORMATS})
WORKS = [Work("w_aaaaaaaaaaaa", "A"), Work("w_bbbbbbbbbbbb", "B")]


def test_works_are_asked_for_as_they_are_written() -> None:
    asked: list[str] = []
    shown = (asked.append(work.id) or work for work in WORKS)  # type: ignore[func-returns-value] # it notes who was asked for

    written = EXPORTS.write("csv", shown, ["year", "title"])

    assert asked == []
    assert next(written) == "w_aaaaaaaaaaaa ['title', 'year']"
    assert asked == ["w_aaaaaaaaaaaa"]
    assert len(list(written)) == 1


@pytest.mark.parametrize("name", sorted(EXPORT_FORMATS))
def test_a_choice_of_fields_is_refused_before_anything_is_written(name: str) -> None:
    if EXPORT_FORMATS[name].takes_fields:
        assert len(list(EXPORTS.write(name, WORKS, ["title"]))) == 2
        return
    with pytest.raises(Invalid) as refused:
        EXPORTS.write(name, WORKS, ["title"])
    assert [fault.pointer for fault in refused.value.faults] == ["/fields"]
    assert "csv and ndjson" in refused.value.faults[0].detail
    assert len(list(EXPORTS.write(name, WORKS))) == 2
