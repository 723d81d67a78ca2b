"""What a scholarly source offers; the modules of `providers` satisfy this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from research_api.domain.calls import Send
from research_api.domain.sources import Edges, SourceAnswer, SourceQuestion
from research_api.domain.works import Identifier, Record


class Source(Protocol):
    """One scholarly source. Each method sends what it needs by `send`, and raises SourceFailed and CallFailed.

    looks_up: the schemes by which it finds works. Those of `references` and `citations` stand in `follows`, empty
    where the source knows no citations.
    """

    @property
    def name(self) -> str:
        """As `sources` parameters and answers have it."""
        ...

    @property
    def looks_up(self) -> frozenset[str]:
        """The schemes of `look_up`."""
        ...

    @property
    def follows(self) -> frozenset[str]:
        """The schemes of `references` and `citations`."""
        ...

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """The best works that the source has for the question, `question.limit` at most."""
        ...

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """What the source has of these works; all of them are of a scheme in `looks_up`. In no order."""
        ...

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """Works that this one refers to, `limit` at most."""
        ...

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """Works that refer to this one, `limit` at most, those the source puts first."""
        ...
