"""The only place where concrete things are chosen."""

from __future__ import annotations

import hashlib
import hmac
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis import Redis

from research_api.cache.answers import RedisAnswerCache
from research_api.cache.bounded import BoundedRedis
from research_api.cache.connection import connect
from research_api.catalog.exporters import exporters
from research_api.catalog.importers import formats
from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.reading import DEMO_RECORDS, open_records
from research_api.catalog.searcher import TantivySearcher
from research_api.config import Settings
from research_api.config.endpoints import read_url
from research_api.db import migrate
from research_api.db.changes import PostgresChangeFeed
from research_api.db.embedding_models import PostgresModelStore
from research_api.db.embeddings import PostgresEmbeddingStore
from research_api.db.engine import Database
from research_api.db.keys import PostgresKeyStore
from research_api.db.references import PostgresReferenceStore
from research_api.db.vectors import PostgresVectorStore
from research_api.db.works import PostgresWorkStore
from research_api.domain.search import CATALOG, SOURCE_NAMES
from research_api.egress import Egress, EgressPolicy, Verdict
from research_api.egress.guard import Guard
from research_api.egress.policy import HUB_CONTENT_URLS, PUBLIC_HUB
from research_api.embeddings.loading import Remotes, SpecLoader
from research_api.enqueue import CeleryWakeUps, make_celery
from research_api.providers.registry import beside_searches, default_names, make_sources, public_urls
from research_api.services.asking import SourceAsker
from research_api.services.behind import Behind
from research_api.services.catalog import CatalogService
from research_api.services.catalog_list import CatalogLister
from research_api.services.cursors import CursorSigner
from research_api.services.edges import EdgesService
from research_api.services.embedding import CpuShare, EmbeddingService
from research_api.services.exports import ExportService
from research_api.services.fan_out import FanOut
from research_api.services.federation import FederatedSearch
from research_api.services.health import HealthService, Probe, State
from research_api.services.importing import ImportService
from research_api.services.intake import RecordIntake
from research_api.services.kept_pages import KeptPages
from research_api.services.keys import KeysService
from research_api.services.look_up import LookUp
from research_api.services.outside import Outside
from research_api.services.recent_keys import RecentKeys
from research_api.services.related import RelatedService
from research_api.services.retrieval import Retriever
from research_api.services.search import SearchService
from research_api.services.source_answers import SourceAnswers
from research_api.services.vector_search import VectorSearch
from research_api.services.works import WorksService


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the edges may call."""

    search: SearchService
    pages: KeptPages
    works: WorksService
    related: RelatedService
    edges: EdgesService
    health: HealthService
    keys: KeysService
    catalog: CatalogService
    importing: ImportService
    embedding: EmbeddingService
    exports: ExportService


__all__ = [
    "Services",
    "build_services",
    "check_egress",
    "demo_path",
    "downgrade_database",
    "egress_policy",
    "model_loader",
    "open_records",
    "record_formats",
    "upgrade_database",
]


def record_formats() -> tuple[str, ...]:
    """The names of the formats that can be imported."""
    return tuple(formats())


def demo_path() -> str:
    """Where the built-in demo records are."""
    return str(DEMO_RECORDS)


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)


def build_services(settings: Settings) -> Services:
    """All services with their adapters. Opens no connection: each does on its first use."""
    database = Database(settings.sqlalchemy_url, settings.database_pool_size)
    redis = connect(settings.redis_url)
    layout = IndexLayout(settings.index_dir)
    store = PostgresWorkStore(database)
    feed = PostgresChangeFeed(database)
    searcher = TantivySearcher(layout)
    signer = CursorSigner(_derived(settings.key_pepper, b"cursor"))
    indexer = TantivyIndexer(layout, feed, host=socket.gethostname())
    loader = model_loader(settings)
    vector_store = PostgresVectorStore(database) if settings.embedding_model is not None else None
    vectors = VectorSearch(vector_store, loader) if vector_store else None
    lister = CatalogLister(store, Retriever(searcher, vectors, threads=settings.web_threads))
    outside = _outside(settings, store)
    keeping = _Keeping(RedisAnswerCache(BoundedRedis(settings.redis_url)), Behind("cache"))
    federated = _federated(outside, lister, store, keeping)
    works, references = WorksService(store, LookUp(outside)), PostgresReferenceStore(database)
    return Services(
        search=SearchService(store, lister, federated, signer, default_sources=default_sources(settings)),
        works=works,
        related=RelatedService(works, store, references, vector_store),
        edges=EdgesService(works, store, references, outside),
        pages=KeptPages(keeping.cache, keeping.behind),
        health=HealthService(_probes(database, redis, searcher)),
        keys=KeysService(RecentKeys(PostgresKeyStore(database)), SystemClock(), settings.key_pepper),
        catalog=CatalogService(store, feed, indexer, PostgresEmbeddingStore(database)),
        importing=ImportService(store, CeleryWakeUps(make_celery(settings.celery_broker_url))),
        embedding=_embedding(settings, database, loader),
        exports=ExportService(exporters()),
    )


def _embedding(settings: Settings, database: Database, loader: SpecLoader) -> EmbeddingService:
    share = CpuShare(settings.embedding_cpu_percent / 100)
    return EmbeddingService(
        PostgresModelStore(database),
        PostgresEmbeddingStore(database),
        replace(loader, threads=max(1, round(share.share * share.cores))),
        settings.embedding_model,
        share=share,
    )


def default_sources(settings: Settings) -> tuple[str, ...]:
    """What a search asks that names no source: of what the operator named, what can be searched."""
    named = tuple(name for name in settings.sources if name in SOURCE_NAMES)
    if settings.sources:
        return named or (CATALOG,)
    return (CATALOG, *default_names(settings.source_api_keys))


def sources_of_works(settings: Settings) -> tuple[str, ...]:
    """What is asked for works by their identifiers, and for what stands at the other ends of their citations."""
    return settings.sources or (*default_sources(settings), *beside_searches())


def _outside(settings: Settings, store: PostgresWorkStore) -> Outside:
    """The senders' policy lists sources alone, so that no source leads to anything else."""
    urls = (*public_urls(), *settings.source_base_urls.values())
    egress = Egress(_policy_of(urls, settings), contact=settings.contact_email)
    return Outside(
        make_sources(settings.source_base_urls, settings.source_api_keys, settings.contact_email),
        FanOut(egress.sender),
        RecordIntake(store, Behind("writing")),
        sources_of_works(settings),
    )


@dataclass(frozen=True, slots=True)
class _Keeping:
    """The cache of answers, and what puts them there behind the requests."""

    cache: RedisAnswerCache
    behind: Behind


def _federated(
    outside: Outside, lister: CatalogLister, store: PostgresWorkStore, keeping: _Keeping
) -> FederatedSearch:
    answers = SourceAnswers(outside.sources, outside.fan_out, keeping.cache)
    asker = SourceAsker(answers, lister, store, outside.intake)
    return FederatedSearch(asker, keeping.cache, Behind("landing", pause_seconds=0.005))


def egress_policy(settings: Settings) -> EgressPolicy:
    """What calls may reach: the hosts of all sources, at the addresses that the settings give them, of OPENAI_BASE_URL
    and of the hub, and what EGRESS_ALLOW names.
    """
    urls = (*public_urls(), *settings.source_base_urls.values(), settings.openai_base_url, settings.hub_url)
    return EgressPolicy.of(urls, settings.egress_allow)


def _policy_of(urls: Sequence[str], settings: Settings) -> EgressPolicy:
    """For these alone: what EGRESS_ALLOW names for others leads nowhere from here."""
    named = {url.endpoint for text in urls if (url := read_url(text)) is not None}
    return EgressPolicy.of(urls, settings.egress_allow & named)


def model_loader(settings: Settings) -> SpecLoader:
    """Loads what EMBEDDING_MODEL names. Each remote has a policy of its own, so that the hosts that the hub sends
    people to, public ones or of EGRESS_ALLOW, are for the hub's client alone.
    """
    hub_urls = (settings.hub_url, *(HUB_CONTENT_URLS if settings.hub_url == PUBLIC_HUB else ()))
    remotes = Remotes(
        settings.openai_base_url,
        Guard(_policy_of([settings.openai_base_url], settings)),
        settings.hub_url,
        Guard(EgressPolicy.of(hub_urls, settings.egress_allow)),
        settings.openai_api_key,
    )
    return SpecLoader(settings.data_dir / "models", remotes)


def check_egress(settings: Settings, url: str) -> Verdict:
    """What would happen to a call to the URL; its name is looked up, no connection is opened."""
    return Egress(egress_policy(settings)).check(url)


def _probes(database: Database, redis: Redis, searcher: TantivySearcher) -> tuple[Probe, ...]:
    return (
        Probe("database", lambda: _database_state(database), essential=True),
        Probe("redis", lambda: State.READY if redis.ping() else State.DEGRADED, essential=False),
        Probe(
            "index", lambda: State.READY if searcher.state() == "fresh" else State.DEGRADED, essential=False
        ),
    )


def upgrade_database(settings: Settings, revision: str = "head") -> str | None:
    """The schema is at the revision; returns its name. The newest one also knows the model of the vectors then.

    Raises DatabaseUnavailable.
    """
    database = Database(settings.sqlalchemy_url, pool_size=1, write_seconds=None)
    migrate.upgrade(database, revision)
    reached = migrate.current(database)
    if reached == migrate.newest():
        # the first search after the first start need not say that nobody has begun to make vectors
        build_services(settings).embedding.prepare()
    return reached


def downgrade_database(settings: Settings, revision: str) -> str | None:
    """The schema is back at the revision; returns its name, None for an empty database."""
    database = Database(settings.sqlalchemy_url, pool_size=1, write_seconds=None)
    migrate.downgrade(database, revision)
    return migrate.current(database)


def _database_state(database: Database) -> State:
    return State.READY if migrate.current(database) == migrate.newest() else State.UNREADY


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, b"research-api." + purpose, hashlib.sha256).digest()
