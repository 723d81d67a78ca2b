"""Names of licences by their addresses."""

from __future__ import annotations

import re

_CREATIVE_COMMONS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses/([a-z-]{2,12})|publicdomain/(zero|mark))(?:/.*)?",
    re.IGNORECASE,
)
_NAMES = {"zero": "cc0", "mark": "public-domain", "publicdomain": "public-domain"}


def creative_commons_name(address: str | None) -> str | None:
    """`cc-by`, `cc-by-nc-sa`, `cc0`, `public-domain` ..., without the version; None for any other licence."""
    found = _CREATIVE_COMMONS.fullmatch(address or "")
    if not found:
        return None
    kind = (found[1] or found[2]).lower()
    return _NAMES.get(kind, f"cc-{kind}")
