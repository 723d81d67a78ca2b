"""What one source gave for one question, ready to be merged, and as bytes for the cache."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from research_api.domain.agreement import RecordKey
from research_api.domain.batch import Incoming, prepare
from research_api.domain.blending import Counted, counted_words, forms_of
from research_api.domain.merging import record_from_body, title_key
from research_api.domain.previews import Looked
from research_api.domain.sources import SourceAnswer
from research_api.domain.text import words
from research_api.domain.works import Record
from research_api.services.question import Question, asked_words


@dataclass(frozen=True, slots=True)
class Gathered:
    """records: in the order of the source. total: how many works it says it has, None where it does not say.

    counted: of each record, the words that were asked. named: the records that the text of the question names, by an
    identifier or the whole title. looked: what is stored that the records may touch, None where nobody looked. All
    three are made in the thread of the source, while others are waited for.
    """

    records: tuple[Incoming, ...]
    sent: str | None
    total: int | None = None
    counted: Mapping[RecordKey, Counted] = field(default_factory=lambda: MappingProxyType({}))
    named: frozenset[RecordKey] = frozenset()
    looked: Looked | None = None

    @property
    def has_more(self) -> bool:
        """True where the source has, or may have, more than it gave."""
        return self.total is None or self.total > len(self.records)

    def against(self, question: Question) -> Gathered:
        """The same, compared with the question."""
        forms = forms_of(asked_words(question))
        counted = {one.key: counted_words(one.record, forms) for one in self.records}
        return replace(self, counted=counted, named=_named(self.records, question))


def gathered(answer: SourceAnswer) -> Gathered:
    """The answer with its records prepared."""
    return Gathered(_prepared(answer.records), answer.sent, answer.total)


def looked_up(records: Sequence[Record], sent: str) -> Gathered:
    """What a look-up gave; there is no more of it."""
    return Gathered(_prepared(records), sent, len(records))


def encode_gathered(given: Gathered) -> bytes:
    """As bytes: a line about all, then a line for each record; `decode_gathered` is the inverse."""
    head = json.dumps({"sent": given.sent, "total": given.total})
    lines = [head, *(one.body_text for one in given.records)]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def decode_gathered(data: bytes) -> Gathered:
    """What `encode_gathered` was given. Raises ValueError, KeyError or TypeError for other bytes."""
    head_text, *lines = data.decode("utf-8", "surrogatepass").split("\n")
    head = json.loads(head_text)
    records = tuple(prepare(record_from_body(json.loads(line)), is_part=True) for line in lines)
    return Gathered(records, head["sent"], head["total"])


def _prepared(records: Sequence[Record]) -> tuple[Incoming, ...]:
    return tuple([prepare(record, is_part=True) for record in records])


def _named(records: Sequence[Incoming], question: Question) -> frozenset[RecordKey]:
    """Most titles differ at first sight: only of those that begin alike all is compared."""
    names, text = set(question.identifiers), question.request.text
    key, begin = title_key(text), words(text)[:1]
    return frozenset(
        one.key
        for one in records
        if not names.isdisjoint(one.record.identifiers)
        or (words(one.record.title)[:1] == begin and title_key(one.record.title) == key)
    )
