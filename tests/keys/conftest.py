"""A keys service over fakes."""

from __future__ import annotations

import pytest

from research_api.services.keys import KeysService
from tests.keys.key_fakes import FakeClock, FakeKeyStore

PEPPER = b"p3pper-of-these-T3sts"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> FakeKeyStore:
    return FakeKeyStore()


@pytest.fixture
def service(store: FakeKeyStore, clock: FakeClock) -> KeysService:
    return KeysService(store, clock, PEPPER)
