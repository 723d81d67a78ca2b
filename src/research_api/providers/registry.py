"""All sources by name, and which of them are asked unless the operator says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from research_api.domain.sources import Source
from research_api.providers import (
    arxiv,
    core,
    crossref,
    datacite,
    doaj,
    europepmc,
    openalex,
    opencitations,
    pubmed,
    semanticscholar,
    unpaywall,
)
from research_api.providers.access import Access


class _Module(Protocol):
    NAME: str
    BASE_URL: str
    NEEDS_KEY: bool
    VERIFIED: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    module: _Module
    make: Callable[[Access], Source]
    searches: bool = True


# in the order in which answers name them
_KINDS = {
    kind.module.NAME: kind
    for kind in (
        _Kind(openalex, openalex.OpenAlexSource),
        _Kind(semanticscholar, semanticscholar.SemanticScholar),
        _Kind(crossref, crossref.CrossrefSource),
        _Kind(arxiv, arxiv.ArxivSource),
        _Kind(europepmc, europepmc.EuropePmcSource),
        _Kind(pubmed, pubmed.PubmedSource),
        _Kind(doaj, doaj.DoajSource),
        _Kind(core, core.Core),
        _Kind(datacite, datacite.DataciteSource),
        _Kind(unpaywall, unpaywall.UnpaywallSource, searches=False),
        _Kind(opencitations, opencitations.OpenCitations, searches=False),
    )
}


def public_urls() -> tuple[str, ...]:
    """The addresses of all public APIs."""
    return tuple(kind.module.BASE_URL for kind in _KINDS.values())


def default_names(keys: Mapping[str, str]) -> tuple[str, ...]:
    """The sources that a search asks by default: recorded ones that need no key, or have one. keys: by name."""
    return tuple(
        name
        for name, kind in _KINDS.items()
        if kind.searches and kind.module.VERIFIED and (name in keys or not kind.module.NEEDS_KEY)
    )


def beside_searches() -> tuple[str, ...]:
    """Those that cannot be searched, and that are asked by default for more of a work or of its citations."""
    return tuple(name for name, kind in _KINDS.items() if kind.module.VERIFIED and not kind.searches)


def make_sources(base_urls: Mapping[str, str], keys: Mapping[str, str], contact: str) -> dict[str, Source]:
    """Every source, at the address that was given for it or at its public one; asking one is left to others."""
    return {
        name: kind.make(Access(base_urls.get(name, kind.module.BASE_URL), keys.get(name, ""), contact))
        for name, kind in _KINDS.items()
    }


def is_verified(name: str) -> bool:
    """True where recordings of the API were at hand when its module was written."""
    return _KINDS[name].module.VERIFIED
