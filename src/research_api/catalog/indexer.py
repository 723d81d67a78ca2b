"""Writes the index of this host from the change feed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
import tantivy

from research_api.catalog.checksums import Checksums
from research_api.catalog.layout import BuildState, IndexLayout, WriterBusy
from research_api.catalog.schema import build_schema, document_of, register_tokenizers
from research_api.domain.errors import ResearchApiError
from research_api.domain.feed import ChangeBatch, ChangeFeed, Position
from research_api.domain.works import Work, work_number

log = structlog.get_logger(__name__)

CHANGES_PER_COMMIT = 4_000
WORKS_PER_PAGE = 2_000
WRITER_HEAP_BYTES = 96_000_000

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class IndexStats:
    """indexed: documents in the build in use. lag_seconds: since when changes wait; None without a build."""

    indexed: int
    pending: int
    size_bytes: int
    lag_seconds: float | None


class TantivyIndexer:
    """One process per host at a time; the others are told that it is busy and go home.

    A crash between the commit and the note of how far it came repeats that batch, which changes nothing.
    """

    def __init__(
        self,
        layout: IndexLayout,
        feed: ChangeFeed,
        *,
        host: str,
        wall_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._layout = layout
        self._feed = feed
        self._host = host
        self._wall_clock = wall_clock
        self._checksums = Checksums(monotonic)

    def apply(self) -> int:
        """Every settled change is in the index; the count of works written. 0 also where another process writes.

        An index that is missing, broken, of another catalog or too far behind is built anew.
        """
        try:
            with self._layout.writer():
                build = self._usable()
                return self._catch_up_or_rebuild(build) if build is not None else self._rebuild(_no_progress)
        except WriterBusy:
            return 0

    def rebuild(self, progress: Progress | None = None) -> int:
        """The index is built anew beside the old one and swapped in; the count of works in it."""
        with self._layout.writer(wait=True):
            return self._rebuild(progress or _no_progress)

    def has_changes(self) -> bool:
        """True where settled changes wait for this host's index, or where it has to be built."""
        build = self._layout.current()
        state = self._layout.read_state(build) if build else None
        return state is None or bool(self._feed.after(state.position, 1).work_ids)

    def stats(self) -> IndexStats:
        """How far this host's index has come."""
        build = self._layout.current()
        state = self._layout.read_state(build) if build else None
        if state is None or state.epoch != self._feed.epoch():
            return IndexStats(0, self._feed.pending(Position(0, 0)), 0, None)
        pending = self._feed.pending(state.position)
        lag = max(0.0, self._wall_clock() - state.caught_up_at) if pending else 0.0
        return IndexStats(state.documents, pending, self._layout.size_bytes(), lag)

    def _catch_up_or_rebuild(self, build: Path) -> int:
        try:
            return self._catch_up(build)
        except ResearchApiError:
            raise
        except Exception:
            log.exception("index_unwritable", build=build.name)
            return self._rebuild(_no_progress)

    def _usable(self) -> Path | None:
        build = self._layout.current()
        state = self._layout.read_state(build) if build else None
        if build is None or state is None or self._layout.is_broken(build):
            return None
        if state.epoch != self._feed.epoch() or self._feed.is_pruned(state.position):
            return None
        if state.position > self._feed.horizon():
            # the database was set back: positions after its present mean other changes now
            return None
        return build if self._is_sound(build) else None

    def _is_sound(self, build: Path) -> bool:
        try:
            if self._checksums.are_right(build):
                return _documents_in(build) is not None
            log.warning("index_corrupt", build=build.name)
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("index_unreadable", build=build.name, exc_info=True)
        # searches go on reading it until the new one is there, and must say so
        self._layout.mark_broken(build)
        return False

    def _rebuild(self, progress: Progress) -> int:
        epoch, position, begun = self._feed.epoch(), self._feed.horizon(), self._wall_clock()
        # until it is done, no change after this is pruned
        self._feed.report(self._host, position)
        self._layout.drop_unused()
        build = self._layout.new_build()
        log.info("index_rebuild_started", build=build.name)
        with _writing(tantivy.Index(build_schema(), str(build))) as (_, writer):
            for page in self._feed.all_works(WORKS_PER_PAGE):
                for work in page:
                    writer.add_document(document_of(work))
                progress(len(page))
            writer.commit()
        documents = _documents_in(build) or 0
        self._layout.write_state(build, BuildState(epoch, position.xid, position.row, begun, documents))
        # what changed meanwhile is in before anybody reads it: a swap never takes a work away
        self._catch_up(build)
        self._layout.use(build)
        log.info("index_rebuild_finished", build=build.name, documents=documents)
        return documents

    def _catch_up(self, build: Path) -> int:
        state = self._layout.read_state(build)
        if state is None:
            return 0
        seen_at, changes = self._wall_clock(), self._feed.after(state.position, CHANGES_PER_COMMIT)
        written = 0
        if changes.work_ids:
            with _writing(tantivy.Index.open(str(build))) as (index, writer):
                while changes.work_ids:
                    documents = self._write(index, writer, changes.work_ids)
                    written += len(changes.work_ids)
                    state = _advanced(state, changes, seen_at, documents)
                    self._layout.write_state(build, state)
                    seen_at, changes = (
                        self._wall_clock(),
                        self._feed.after(state.position, CHANGES_PER_COMMIT),
                    )
        self._layout.write_state(build, _advanced(state, changes, seen_at, state.documents))
        self._feed.report(self._host, changes.position)
        return written

    def _write(self, index: tantivy.Index, writer: tantivy.IndexWriter, work_ids: Iterable[str]) -> int:
        ids = list(work_ids)
        works = self._feed.works(ids)
        for work_id in ids:
            # delete_documents_by_term of tantivy-py 0.27 leaves unsigned fields alone; a query deletes
            writer.delete_documents_by_query(
                tantivy.Query.term_query(index.schema, "key", work_number(work_id))
            )
            work: Work | None = works.get(work_id)
            if work is not None:
                writer.add_document(document_of(work))
        writer.commit()
        index.reload()
        return int(index.searcher().num_docs)


def _advanced(state: BuildState, changes: ChangeBatch, seen_at: float, documents: int) -> BuildState:
    caught_up_at = seen_at if changes.is_last else state.caught_up_at
    return BuildState(state.epoch, changes.position.xid, changes.position.row, caught_up_at, documents)


@contextlib.contextmanager
def _writing(index: tantivy.Index) -> Iterator[tuple[tantivy.Index, tantivy.IndexWriter]]:
    """The index with its one writer; what was not committed is gone on an error.

    Merges end before the lock of the folder is given up.
    """
    register_tokenizers(index)
    writer = index.writer(WRITER_HEAP_BYTES, 1)
    try:
        yield index, writer
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()


def _documents_in(build: Path) -> int | None:
    """How many documents a build holds, None where it cannot be opened."""
    try:
        return int(tantivy.Index.open(str(build)).searcher().num_docs)
    except Exception:
        log.warning("index_unreadable", build=build.name, exc_info=True)
        return None


def _no_progress(_count: int) -> None:
    return None
