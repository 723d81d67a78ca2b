"""Fields that take exactly what they say: no number for a text, no text for a number."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from marshmallow import ValidationError, fields, validate

# The Stream-Safe Text Format allows 30 marks in a row; sorting 16,000 of them takes Python 0.9 s.
# Source: Unicode Standard Annex 15, section 13 (read 2026-11)
MAX_MARKS_IN_A_ROW = 30
# no text of n characters in NFC is the composition of more than 4n
MAX_COMPOSED_CHARACTERS = 4
MIN_DEADLINE_MS, DEFAULT_DEADLINE_MS, MAX_DEADLINE_MS = 200, 4_000, 15_000


class Text(fields.String):
    """Text without U+0000, which Postgres cannot keep."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if "\x00" in text:
            raise ValidationError("Text must not have the character U+0000.")
        return text


class ComposedText(Text):
    """Text of 1 to `max_characters` in NFC, counted after it has been brought into that form."""

    def __init__(self, *, max_characters: int, metadata: dict[str, Any]) -> None:
        super().__init__(validate=validate.Length(min=1, max=max_characters), metadata=metadata)
        self._max_characters = max_characters

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > self._max_characters * MAX_COMPOSED_CHARACTERS:
            raise ValidationError(f"Longer than the maximum length {self._max_characters}.")
        if not text.isascii() and _has_too_many_marks(text):
            raise ValidationError(
                f"More than {MAX_MARKS_IN_A_ROW} combining marks in a row are not taken as text."
            )
        return unicodedata.normalize("NFC", text)


class WholeNumber(fields.Integer):
    """An integer within bounds, as a number."""

    def __init__(self, low: int, high: int, *, metadata: dict[str, Any], load_default: Any = None) -> None:
        bounds = validate.Range(min=low, max=high)
        if load_default is None:
            super().__init__(strict=True, validate=bounds, metadata=metadata)
        else:
            super().__init__(strict=True, validate=bounds, metadata=metadata, load_default=load_default)


class DeadlineMs(WholeNumber):
    """The parameter `deadline_ms`; DEFAULT_DEADLINE_MS where it was not sent is left to the schema."""

    def __init__(self) -> None:
        meaning = "The answer goes out then, with what the sources gave so far."
        metadata = {"description": meaning, "default": DEFAULT_DEADLINE_MS}
        super().__init__(MIN_DEADLINE_MS, MAX_DEADLINE_MS, metadata=metadata)


class Truth(fields.Boolean):
    """true or false, and nothing that only resembles them."""

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature
        data: Mapping[str, Any] | None,  # noqa: ARG002 - marshmallow's signature
        **kwargs: Any,  # noqa: ARG002 - marshmallow's signature
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class TextList(fields.List[str]):
    """A list of texts, counted before it is looked at: half a million wrong names would take seconds."""

    def __init__(
        self,
        item: fields.String,
        *,
        max_items: int,
        min_items: int = 0,
        required: bool = False,
        data_key: str | None = None,
        metadata: dict[str, Any],
    ) -> None:
        size = validate.Length(min=min_items or None, max=max_items)
        super().__init__(item, validate=size, required=required, data_key=data_key, metadata=metadata)
        self._max_items = max_items

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str | None]:
        if isinstance(value, list) and len(value) > self._max_items:
            raise ValidationError(f"Longer than the maximum length {self._max_items}.")
        return super()._deserialize(value, attr, data, **kwargs)


def _has_too_many_marks(text: str) -> bool:
    runs = groupby(text, key=lambda character: unicodedata.category(character)[0] == "M")
    return any(is_mark and sum(1 for _ in run) > MAX_MARKS_IN_A_ROW for is_mark, run in runs)
