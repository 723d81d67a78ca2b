"""Unpaywall's API as it answers: GET /{doi} with `email`.

What is refused and how: unpaywall.org/products/api, and github.com/ourresearch/oadoi, views.py (both read 2026-11); the
form of answers: unpaywall.org/data-format (read 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import unquote

from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf
from tests.replay.works import SampleWork

# of DOIs that begin so it says that they are gone
GONE = "10.5555/gone."


class UnpaywallReplay:
    """Over the works that Unpaywall has."""

    name = "unpaywall"

    def __init__(self, works: Sequence[SampleWork], /) -> None:
        self._shelf = Shelf(works, self.name)

    def answer(self, asked: Asked) -> Answered:
        """What is known of the DOI, or why it is not said."""
        address = asked.param("email")
        if "@" not in address or address.endswith("example.com"):
            return _refused(422, "Email address required in API call, see http://unpaywall.org/products/api")
        doi = unquote(asked.path.removeprefix("/"))
        if doi.lower().startswith(GONE):
            return _refused(410, f"'{doi}' is gone.")
        work = self._shelf.by("doi", doi)
        if work is None:
            return _refused(404, f"'{doi}' is an invalid doi.  See http://doi.org/{doi}")
        return Answered(200, {"Content-Type": "application/json"}, json.dumps(doi_object(work)).encode())


def doi_object(work: SampleWork) -> dict[str, object]:
    """The work with its locations; authors of every third work are named as they stand there."""
    locations = [_location(work, is_file=True), _location(work, is_file=False)] if work.is_oa else []
    return {
        "doi": work.doi,
        "doi_url": f"https://doi.org/{work.doi}",
        "title": ("RETRACTED: " if work.retracted else "") + work.marked_title,
        "genre": work.type,
        "is_paratext": False,
        "published_date": work.date,
        "year": work.year,
        "journal_name": work.venue,
        "journal_issns": "0000-0000",
        "journal_is_oa": work.is_oa,
        "publisher": "Nobody's Press",
        "is_oa": work.is_oa,
        "oa_status": "gold" if work.is_oa else "closed",
        "has_repository_copy": False,
        "best_oa_location": locations[0] if locations else None,
        "first_oa_location": locations[-1] if locations else None,
        "oa_locations": locations,
        "oa_locations_embargoed": [],
        "updated": "2026-01-02T03:04:05",
        "data_standard": 2,
        "z_authors": [
            {"author_position": "middle", "raw_author_name": author.name, "is_corresponding": False}
            if work.number % 3 == 0
            else {
                "given": author.given,
                "family": author.family,
                "sequence": "additional",
                **({"ORCID": f"http://orcid.org/{author.orcid}"} if author.orcid else {}),
            }
            for author in work.authors
        ]
        or None,
    }


def _location(work: SampleWork, *, is_file: bool) -> dict[str, object]:
    """Every fourth file has no address of its own."""
    page = f"https://repository.example.org/{work.number}"
    file = f"{page}.pdf" if is_file and work.number % 4 else None
    return {
        "url": file or page,
        "url_for_pdf": file,
        "url_for_landing_page": page,
        "license": work.license,
        "version": "publishedVersion",
        "host_type": "repository",
        "is_best": is_file,
        "evidence": "open (via page says license)",
        "pmh_id": None,
    }


def _refused(status: int, text: str) -> Answered:
    body = json.dumps({"HTTP_status_code": status, "message": text, "error": True}).encode()
    return Answered(status, {"Content-Type": "application/json"}, body)


REPLAY = UnpaywallReplay
