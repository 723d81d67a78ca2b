"""How fast the importers of PubMed and arXiv read, and how much memory that takes.

`python -m ops.bench.importers [RECORDS]` writes made-up files of the size of real ones (a baseline file of PubMed has
30,000 articles of some 7 kB) into a temporary folder and reads each in a process of its own.
"""

from __future__ import annotations

import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from research_api.catalog.importers import open_source, recognise

DEFAULT_RECORDS = 30_000
WORDS = (
    "water", "cells", "of", "in", "the", "rats", "binding", "and", "with", "was", "observed", "patients", "between",
    "increased", "significantly", "receptor", "treatment", "expression", "protein", "a", "to", "β-catenin", "95%",
)  # fmt: skip
MARKED = (*WORDS, "<i>in vitro</i>", "H<sub>2</sub>O")
TEX = (*WORDS, "$\\alpha_{k}$", 'Schr\\"odinger', "Erd\\H{o}s", "\\emph{new}")
ABSTRACT_WORDS, REFERENCES, TERMS = 220, 30, 12
PUBMED_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n'
)


def main(records: int) -> int:
    """0; prints one line for each format."""
    with tempfile.TemporaryDirectory() as folder:
        for name, pieces in (("pubmed.xml.gz", pubmed(records)), ("arxiv.jsonl.gz", arxiv(records))):
            path = Path(folder) / name
            with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
                file.writelines(pieces)
            subprocess.run([sys.executable, "-m", "ops.bench.importers", str(path)], check=True)
    return 0


def measure(path: str) -> None:
    """Prints records/s, the decompressed size and how much the process grew while it read."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, read, rejected = time.process_time(), 0, 0
    with open_source(path) as source:
        found = recognise(source.head)
        if found is None:
            raise SystemExit(f"no format claims {path}")
        for row in found.read(source, None):
            read += row.record is not None
            rejected += row.record is None
    seconds = time.process_time() - begin
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    megabytes = unpacked_bytes(path) / 1e6
    print(
        f"{found.NAME}: {read} records ({rejected} rejected) of {megabytes:.0f} MB in {seconds:.1f} s of CPU: "
        f"{read / seconds:.0f} records/s, {megabytes / seconds:.0f} MB/s; {grown / 1024:.1f} MB more memory"
    )


def unpacked_bytes(path: str) -> int:
    """Size of what is in the file."""
    with gzip.open(path) as file:
        return sum(len(piece) for piece in iter(lambda: file.read(1 << 20), b""))


def pubmed(records: int) -> Iterator[str]:
    """The pieces of a file with so many articles."""
    draw = random.Random(1)
    yield PUBMED_HEAD
    for number in range(1, records + 1):
        yield article(number, draw)
    yield "</PubmedArticleSet>\n"


def article(number: int, draw: random.Random) -> str:
    """One article with four authors, a structured abstract, terms and references."""
    author = (
        '<Author ValidYN="Y"><LastName>Lovelace</LastName><ForeName>Ada</ForeName><Initials>A</Initials>'
        '<Identifier Source="ORCID">0000-0002-1825-0097</Identifier><AffiliationInfo><Affiliation>Department of Water, '
        "University of Ice, Some Street 1, 12345 Some Town, Some Country.</Affiliation></AffiliationInfo></Author>\n"
    )
    sections = "".join(
        f'<AbstractText Label="{label}" NlmCategory="{label}">{" ".join(draw.choices(MARKED, k=ABSTRACT_WORDS // 4))}.'
        "</AbstractText>\n"
        for label in ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")
    )
    term = '<MeshHeading><DescriptorName UI="D0" MajorTopicYN="N">Water</DescriptorName></MeshHeading>\n'
    reference = (
        '<Reference><Citation>J Water. 2001;1(1):1-9</Citation><ArticleIdList><ArticleId IdType="pubmed">1'
    )
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{number}</PMID>\n'
        '<Article PubModel="Print"><Journal><ISSN IssnType="Print">0000-0000</ISSN><JournalIssue CitedMedium="Print">'
        "<Volume>1</Volume><PubDate><Year>2001</Year><Month>Feb</Month></PubDate></JournalIssue>"
        "<Title>Journal of water</Title></Journal>"
        f"<ArticleTitle>{' '.join(draw.choices(MARKED, k=12))}.</ArticleTitle>\n"
        f'<ELocationID EIdType="doi" ValidYN="Y">10.1000/{number}</ELocationID><Abstract>{sections}</Abstract>\n'
        f"<AuthorList>{author * 4}</AuthorList><Language>eng</Language><PublicationTypeList>"
        '<PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList></Article>\n'
        f"<MeshHeadingList>{term * TERMS}</MeshHeadingList></MedlineCitation>\n<PubmedData><ArticleIdList>"
        f'<ArticleId IdType="doi">10.1000/{number}</ArticleId></ArticleIdList>\n'
        f"<ReferenceList>{f'{reference}</ArticleId></ArticleIdList></Reference>' * REFERENCES}</ReferenceList>"
        "</PubmedData></PubmedArticle>\n"
    )


def arxiv(records: int) -> Iterator[str]:
    """The lines of a file with so many papers."""
    draw = random.Random(1)
    for number in range(records):
        paper = {
            "id": f"{number // 100_000 + 1001}.{number % 100_000:05}",
            "authors": "A. Lovelace, B. Bal\\'azs",
            "title": " ".join(draw.choices(TEX, k=12)),
            "comments": "37 pages",
            "journal-ref": "Phys.Rev.D76:013009,2007",
            "doi": f"10.1000/{number}",
            "categories": "hep-ph",
            "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "abstract": " ".join(draw.choices(TEX, k=150)),
            "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
            "update_date": "2008-11-26",
            "authors_parsed": [["Lovelace", "A.", ""], ["Bal\\'azs", "B.", ""]],
        }
        yield json.dumps(paper) + "\n"


if __name__ == "__main__":
    argument = sys.argv[1] if len(sys.argv) > 1 else str(DEFAULT_RECORDS)
    if argument.isdigit():
        sys.exit(main(int(argument)))
    measure(argument)
