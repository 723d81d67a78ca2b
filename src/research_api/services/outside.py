"""The way to the sources that all share who ask them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from research_api.domain.sources import Source
from research_api.services.fan_out import FanOut
from research_api.services.intake import RecordIntake


@dataclass(frozen=True, slots=True)
class Outside:
    """sources: all but the catalog, by name. fan_out: asks them; intake: takes what they give.

    of_works: names of those that are asked for works by their identifiers, and for what stands at the other ends of
    their citations; the catalog may be one of them.
    """

    sources: Mapping[str, Source]
    fan_out: FanOut
    intake: RecordIntake
    of_works: tuple[str, ...] = ()
