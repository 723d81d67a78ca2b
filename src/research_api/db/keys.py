"""Keys, their credentials and their organizations in Postgres."""

from __future__ import annotations

import secrets
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import IntegrityError

from research_api.db.engine import Database
from research_api.db.tables import credentials, keys, organizations
from research_api.domain.errors import Conflict
from research_api.domain.keys import Credential, Key, Limits

ORGANIZATION_ID_BYTES = 8
_LIMIT_NAMES = tuple(limit.name for limit in fields(Limits))
_KEY_COLUMNS = (
    keys.c.id, keys.c.name, keys.c.scopes, keys.c.limits, keys.c.allow_ip, keys.c.is_test,
    keys.c.created_at, keys.c.expires_at, keys.c.revoked_at, organizations.c.name.label("organization"),
)  # fmt: skip
_CREDENTIAL_COLUMNS = (
    credentials.c.id.label("credential_id"), credentials.c.salt, credentials.c.digest,
    credentials.c.pepper_version,
    credentials.c.created_at.label("credential_created_at"),
    credentials.c.expires_at.label("credential_expires_at"),
    credentials.c.revoked_at.label("credential_revoked_at"),
)  # fmt: skip
_KEYS_WITH_ORGANIZATION = keys.join(organizations, keys.c.organization_id == organizations.c.id)
_SELECT_KEYS = sa.select(*_KEY_COLUMNS).select_from(_KEYS_WITH_ORGANIZATION)
_SELECT_CREDENTIALS = sa.select(*_KEY_COLUMNS, *_CREDENTIAL_COLUMNS).select_from(
    credentials.join(_KEYS_WITH_ORGANIZATION, credentials.c.key_id == keys.c.id)
)


class PostgresKeyStore:
    """Satisfies services.ports.KeyStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: Key, credential: Credential) -> Key:
        """The key and its first credential are stored; its organization is made where no other has the name.

        Raises Conflict if an id is taken, DatabaseUnavailable.
        """
        try:
            with self._database.begin() as connection:
                organization_id = _organization_id(connection, key)
                connection.execute(sa.insert(keys).values(_key_values(key, organization_id)))
                connection.execute(sa.insert(credentials).values({"key_id": key.id, **asdict(credential)}))
        except IntegrityError as error:
            raise Conflict("The id of the new key is taken. Try again.") from error
        return key

    def find(self, credential_id: str) -> tuple[Key, Credential] | None:
        """The key a credential belongs to, or None. Raises DatabaseUnavailable."""
        statement = _SELECT_CREDENTIALS.where(credentials.c.id == credential_id)
        with self._database.connect() as connection:
            row = connection.execute(statement).one_or_none()
        return (_key(row), _credential(row)) if row else None

    def get(self, key_id: str) -> Key | None:
        """The key, or None. Raises DatabaseUnavailable."""
        with self._database.connect() as connection:
            row = connection.execute(_SELECT_KEYS.where(keys.c.id == key_id)).one_or_none()
        return _key(row) if row else None

    def list(self, *, organization: str | None, limit: int) -> list[Key]:
        """Keys of the organization with that name, None for all; newest first. Raises DatabaseUnavailable."""
        statement = _SELECT_KEYS.order_by(keys.c.created_at.desc(), keys.c.id).limit(limit)
        if organization is not None:
            statement = statement.where(organizations.c.name == organization)
        with self._database.connect() as connection:
            return [_key(row) for row in connection.execute(statement)]

    def revoke(self, key_id: str, at: datetime) -> Key | None:
        """The key is revoked from that time, or stays revoked since before; None where there is none.

        Raises DatabaseUnavailable.
        """
        statement = (
            sa.update(keys)
            .where(keys.c.id == key_id)
            .values(
                revoked_at=sa.func.coalesce(keys.c.revoked_at, sa.bindparam("at", at, keys.c.revoked_at.type))
            )
        )
        with self._database.begin() as connection:
            connection.execute(statement)
            row = connection.execute(_SELECT_KEYS.where(keys.c.id == key_id)).one_or_none()
        return _key(row) if row else None


def _organization_id(connection: sa.Connection, key: Key) -> str:
    """Two callers that make one organization at once get the same: the second waits for the first."""
    connection.execute(
        pg.insert(organizations)
        .values(
            id=f"org_{secrets.token_hex(ORGANIZATION_ID_BYTES)}",
            name=key.organization,
            created_at=key.created_at,
        )
        .on_conflict_do_nothing(index_elements=[organizations.c.name])
    )
    found = sa.select(organizations.c.id).where(organizations.c.name == key.organization)
    return str(connection.execute(found).scalar_one())


def _key_values(key: Key, organization_id: str) -> dict[str, object]:
    return {
        "id": key.id,
        "organization_id": organization_id,
        "name": key.name,
        "scopes": list(key.scopes),
        "limits": asdict(key.limits),
        "allow_ip": list(key.allow_ip),
        "is_test": key.is_test,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def _key(row: sa.Row[*tuple[Any, ...]]) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes),
        organization=row.organization,
        created_at=row.created_at,
        limits=Limits(**{name: row.limits.get(name) for name in _LIMIT_NAMES}),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        allow_ip=tuple(row.allow_ip),
        is_test=row.is_test,
    )


def _credential(row: sa.Row[*tuple[Any, ...]]) -> Credential:
    return Credential(
        id=row.credential_id,
        salt=bytes(row.salt),
        digest=bytes(row.digest),
        pepper_version=row.pepper_version,
        created_at=row.credential_created_at,
        expires_at=row.credential_expires_at,
        revoked_at=row.credential_revoked_at,
    )
