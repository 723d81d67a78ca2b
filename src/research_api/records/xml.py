"""Texts in elements of XML."""

from __future__ import annotations

from xml.etree.ElementTree import Element


def text_at(element: Element, path: str) -> str | None:
    """The text of the first element there, without the markup in it; None where there is none."""
    found = element.find(path)
    return None if found is None else "".join(found.itertext())
