"""`Link` headers by which a search is walked page by page (RFC 8288)."""

from __future__ import annotations

from urllib.parse import urlencode

from research_api.web.query_strings import read_parameters
from research_api.web.request_context import settings

# what does not follow from the cursor
PAGE_PARAMETERS = ("limit", "fields", "format")
# a longer address is refused with a 414 when it is followed
MAX_NEXT_CHARACTERS = 8_000
# the caller knows the first page already: not worth answers whose headers a proxy refuses
MAX_FIRST_CHARACTERS = 2_000


def page_links(next_cursor: str | None) -> str:
    """The value of the Link header of this GET; empty where there is nothing to link to."""
    given = {name: ",".join(values) for name, values in read_parameters().items()}
    links = []
    if next_cursor is not None:
        kept = {name: given[name] for name in PAGE_PARAMETERS if name in given}
        links += _link({**kept, "cursor": next_cursor}, "next", MAX_NEXT_CHARACTERS)
    if "q" in given:
        first = {name: value for name, value in given.items() if name != "cursor"}
        links += _link(first, "first", MAX_FIRST_CHARACTERS)
    return ", ".join(links)


def _link(parameters: dict[str, str], relation: str, max_characters: int) -> list[str]:
    address = f"{settings().public_url}/v1/search?{urlencode(parameters)}"
    return [f'<{address}>; rel="{relation}"'] if len(address) <= max_characters else []
