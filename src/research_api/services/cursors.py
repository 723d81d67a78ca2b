"""Cursors that only this service can have made, for the caller they were made for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from research_api.domain.errors import CursorInvalid

MAX_CURSOR_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a kept list: the list's id, and how many of it were seen."""

    list_id: str
    offset: int


class CursorSigner:
    """Signs with a key derived from the service's secret and the tenant, so that no tenant reads another's list.

    The list itself knows the question, so a cursor stays short however long the query was.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, cursor: Cursor, tenant: str) -> str:
        """An opaque text of some 80 characters, safe in a URL."""
        signed: str | bytes = self._serializer(tenant).dumps([cursor.list_id, cursor.offset])
        return signed if isinstance(signed, str) else signed.decode()

    def read(self, text: str, tenant: str) -> Cursor:
        """The cursor that was signed. Raises CursorInvalid for anything else."""
        try:
            if len(text) > MAX_CURSOR_CHARACTERS:
                raise ValueError("too long")
            list_id, offset = self._serializer(tenant).loads(text)
        except (BadSignature, ValueError, TypeError, UnicodeError) as error:
            raise CursorInvalid("This cursor is not one of ours. Start again without it.") from error
        return Cursor(list_id, offset)

    def _serializer(self, tenant: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._secret,
            salt=f"research-api.cursor.{tenant}",
            signer_kwargs={"digest_method": hashlib.sha256},
        )
