"""Works that nobody wrote, each told by some of the sources; the same seed makes the same works."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

SOURCES = (
    "openalex", "crossref", "semanticscholar", "arxiv", "europepmc", "pubmed", "doaj", "core", "datacite",
    "unpaywall", "opencitations",
)  # fmt: skip

_METHODS = (
    "contrastive", "Bayesian", "sparse", "longitudinal", "randomised", "quantum", "spectral", "adaptive", "causal",
    "federated", "hierarchical", "stochastic", "low-rank", "multilingual", "in vivo", "photonic",
)  # fmt: skip
_THINGS = (
    "learning", "retrieval", "imaging", "sequencing", "inference", "screening", "translation", "catalysis",
    "segmentation", "forecasting", "simulation", "annotation", "polymerisation", "navigation",
)  # fmt: skip
_SUBJECTS = (
    "graph networks", "lake sediments", "zebrafish larvae", "language models", "perovskite cells", "coral reefs",
    "hospital wards", "scholarly records", "soil microbes", "galaxy clusters", "knee cartilage", "urban traffic",
    "rice paddies", "protein complexes", "medieval charters",
)  # fmt: skip
_GIVEN = (
    "Ada", "Bjørn", "Chloé", "Dmitri", "Élodie", "Fatuma", "Gülşen", "Hồng", "Ines", "Jiří", "Kwame", "李娜", "Łucja",
    "Mehmet", "Noor", "Óscar", "Priya", "Søren",
)  # fmt: skip
_FAMILY = (
    "Abara", "Brăila", "Çelik", "Dvořák", "Ekström", "Fjelltun", "Grünwald", "Hašek", "Iwu", "Järvi", "Kovač",
    "Lindqvist", "Müllner", "Nguyễn", "O'Daly", "Petrović", "王", "Żuk",
)  # fmt: skip
_VENUES = (
    "Annals of Invented Methods", "Imaginary Letters", "Journal of Made-up Results", "Revista de Datos Fingidos",
    "Proceedings of the Unheld Conference",
)  # fmt: skip
_LICENCES = ("cc-by", "cc-by-nc", "cc0", None)
_ALMOST_ALL = ("openalex", "crossref", "semanticscholar")


@dataclass(frozen=True, slots=True)
class SampleAuthor:
    """given and family name, in the order in which they are shown."""

    given: str
    family: str
    orcid: str | None = None

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True)
class SampleWork:
    """number: its place in the list. title, abstract: plain; `marked_...` have them with markup.

    type: one of Crossref's. date: ISO, whole. references: numbers of other works, all of them below this one.
    preprint_of: number of the published version. held_by: the sources that know it.
    """

    number: int
    title: str
    authors: tuple[SampleAuthor, ...]
    year: int
    date: str
    venue: str
    type: str
    held_by: frozenset[str]
    openalex: str
    s2: str
    corpus_id: int
    core: int
    abstract: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    arxiv: str | None = None
    url: str | None = None
    is_oa: bool = False
    license: str | None = None
    citation_count: int = 0
    references: tuple[int, ...] = ()
    preprint_of: int | None = None
    retracted: bool = False
    has_markup: bool = False

    @property
    def marked_title(self) -> str:
        """With its first word in italics and its signs as entities, where the work has markup."""
        if not self.has_markup:
            return self.title
        first, _, rest = self.title.partition(" ")
        return f"<i>{first}</i> {rest}".replace("&", "&amp;")

    @property
    def jats_abstract(self) -> str | None:
        """As publishers deposit it with Crossref."""
        if self.abstract is None:
            return None
        first, _, rest = self.abstract.replace("&", "&amp;").replace("<", "&lt;").partition(". ")
        if not self.has_markup:
            return f"<jats:p>{first}. {rest}</jats:p>"
        return (
            f"<jats:title>Abstract</jats:title><jats:sec><jats:p><jats:italic>{first}</jats:italic>."
            f"</jats:p><jats:p>{rest}</jats:p></jats:sec>"
        )

    @property
    def inverted_abstract(self) -> dict[str, list[int]] | None:
        """Each word with its places, as OpenAlex gives abstracts."""
        if self.abstract is None:
            return None
        places: dict[str, list[int]] = {}
        for place, word in enumerate(self.abstract.split()):
            places.setdefault(word, []).append(place)
        return places


def sample_works(count: int = 500, *, seed: int = 1) -> tuple[SampleWork, ...]:
    """So many works: of 20 about 5 have no abstract, 3 no DOI, 4 a preprint of their own, 1 is retracted."""
    chance = random.Random(seed)
    works: list[SampleWork] = []
    while len(works) < count:
        work = _work(len(works), chance)
        works.append(work)
        if work.doi and work.number % 5 == 0 and len(works) < count:
            works.append(_preprint(work, len(works)))
    return tuple(works)


def _work(number: int, chance: random.Random) -> SampleWork:
    day = date(1995, 1, 1) + timedelta(days=chance.randrange(11_500))
    has_doi = chance.random() > 0.15
    pmid = str(900_000_000 + number) if chance.random() < 0.5 else None
    is_oa = chance.random() < 0.5
    doi = f"10.5555/sample.{number:06}" if has_doi else None
    work = SampleWork(
        number=number,
        title=_title(number, chance),
        authors=tuple(_author(number, place, chance) for place in range(chance.randint(1, 6))),
        year=day.year,
        date=day.isoformat(),
        venue=chance.choice(_VENUES),
        type="proceedings-article" if chance.random() < 0.2 else "journal-article",
        held_by=frozenset(),
        openalex=f"W9{number:09}",
        s2=hashlib.sha1(f"sample {number}".encode(), usedforsecurity=False).hexdigest(),
        corpus_id=290_000_000 + number,
        core=190_000_000 + number,
        abstract=_abstract(chance) if chance.random() > 0.25 else None,
        doi=doi,
        pmid=pmid,
        pmcid=f"PMC{91_000_000 + number}" if pmid and is_oa else None,
        url=f"https://doi.org/{doi}" if doi else f"https://journals.example.org/article/{number}",
        is_oa=is_oa,
        license=chance.choice(_LICENCES) if is_oa else None,
        citation_count=int(chance.paretovariate(0.8)) - 1,
        references=tuple(sorted(chance.sample(range(number), min(number, chance.randint(0, 12))))),
        retracted=number % 20 == 7,
        has_markup=chance.random() < 0.3,
    )
    return replace(work, held_by=_holders(work, chance))


def _preprint(published: SampleWork, number: int) -> SampleWork:
    """An earlier version of that work on arXiv, under the same title and with an identity of its own."""
    day = date.fromisoformat(published.date) - timedelta(days=200)
    arxiv = f"{day:%y%m}.{90_000 + number % 10_000:05}"
    return replace(
        published,
        number=number,
        date=day.isoformat(),
        year=day.year,
        venue="arXiv",
        type="posted-content",
        held_by=frozenset({"arxiv", "datacite", "openalex", "semanticscholar", "unpaywall"}),
        openalex=f"W9{number:09}",
        s2=hashlib.sha1(f"sample {number}".encode(), usedforsecurity=False).hexdigest(),
        corpus_id=290_000_000 + number,
        core=190_000_000 + number,
        abstract=published.abstract or "A first version. It says less than the one that followed.",
        doi=f"10.48550/arxiv.{arxiv}",
        pmid=None,
        pmcid=None,
        arxiv=arxiv,
        url=f"https://arxiv.org/abs/{arxiv}",
        is_oa=True,
        license="cc-by",
        citation_count=published.citation_count // 4,
        preprint_of=published.number,
        retracted=False,
    )


def _holders(work: SampleWork, chance: random.Random) -> frozenset[str]:
    """One in eight works is known to a single source."""
    possible = ["openalex", "semanticscholar", "core"]
    possible += ["crossref", "unpaywall", "opencitations"] if work.doi else []
    possible += ["pubmed", "europepmc"] if work.pmid else []
    possible += ["doaj"] if work.is_oa else []
    if chance.random() < 1 / 8:
        return frozenset({chance.choice(possible)})
    return frozenset(one for one in possible if one in _ALMOST_ALL or chance.random() < 0.7)


def _title(number: int, chance: random.Random) -> str:
    method, thing, subject = chance.choice(_METHODS), chance.choice(_THINGS), chance.choice(_SUBJECTS)
    endings = ("", " & beyond", ": a replication", " – état des lieux", " at 30 °C")
    title = f"{method} {thing} for {subject}{chance.choice(endings)}, case {number}"
    return title[0].upper() + title[1:]


def _abstract(chance: random.Random) -> str:
    """Two to five sentences."""
    sentences = [
        f"We study {chance.choice(_METHODS)} {chance.choice(_THINGS)} of {chance.choice(_SUBJECTS)}. "
        f"Over {chance.randint(10, 9_000)} samples p < 0.{chance.randint(1, 9):02} & α = {chance.randint(1, 9)}."
        for _ in range(chance.randint(1, 3))
    ]
    return " ".join(sentences)


def _author(number: int, place: int, chance: random.Random) -> SampleAuthor:
    orcid = _orcid(number * 10 + place) if chance.random() < 0.4 else None
    return SampleAuthor(chance.choice(_GIVEN), chance.choice(_FAMILY), orcid)


def _orcid(number: int) -> str:
    """With the right check digit. Source: ORCID, "Structure of the ORCID Identifier" (read 2026-11)"""
    digits = f"00000009{number:07}"
    total = 0
    for digit in map(int, digits):
        total = (total + digit) * 2
    whole = digits + "0123456789X"[(12 - total % 11) % 11]
    return "-".join(whole[start : start + 4] for start in range(0, 16, 4))
