"""The index of one host: applied, rebuilt, broken and mended."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import tantivy

from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import BuildState, IndexLayout, WriterBusy
from research_api.catalog.searcher import BEHIND_AFTER_SECONDS, TantivySearcher
from research_api.domain.index import IndexHits
from research_api.domain.search import Filters, Sort
from research_api.domain.works import Author, OpenAccess, Work
from tests.catalog.fakes import FakeChangeFeed
from tests.catalog.host import Host, ids_of, work


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_an_applied_change_is_found_and_a_later_one_replaces_it(host: Host) -> None:
    first = work("a", "Deep learning")
    host.feed.put(first)
    host.indexer.apply()
    assert ids_of(host.ask("deep")) == (first.id,)

    host.feed.put(work("a", "Shallow water"))
    assert host.indexer.apply() == 1

    assert ids_of(host.ask("deep")) == ()
    assert ids_of(host.ask("shallow")) == (first.id,)


def test_a_deleted_work_leaves_the_index(host: Host) -> None:
    one = work("a", "Deep learning")
    host.feed.put(one)
    host.indexer.apply()
    host.feed.drop(one.id)

    host.indexer.apply()

    assert ids_of(host.ask("deep")) == ()
    assert host.indexer.stats().indexed == 0


def test_without_an_index_the_answer_is_empty_and_says_missing(host: Host) -> None:
    assert host.ask("deep") == IndexHits((), (), 0, {}, "missing")
    assert host.searcher.size() == 0


def test_an_index_that_nobody_kept_for_a_minute_says_behind(host: Host) -> None:
    host.feed.put(work("a", "Deep learning"))
    host.indexer.apply()
    assert host.ask("deep").state == "fresh"
    assert host.searcher.size() == 1

    host.clock.seconds += BEHIND_AFTER_SECONDS
    assert host.ask("deep").state == "behind"

    host.indexer.apply()
    assert host.ask("deep").state == "fresh"


def test_a_rebuild_holds_every_work_and_drops_the_former_build(host: Host) -> None:
    host.feed.put(work("a", "Deep learning"), work("b", "Deep water"))
    host.indexer.apply()
    former = host.layout.current()
    assert host.ask("deep").total == 2

    assert host.indexer.rebuild() == 2

    assert host.layout.current() != former
    assert former is not None
    assert not former.exists()
    assert host.ask("deep").total == 2


def test_a_rebuilt_index_has_what_changed_meanwhile_before_anybody_reads_it(tmp_path: Path) -> None:
    """A swap before catching up would take works away that were found a moment ago."""
    host = Host(tmp_path)
    host.feed.put(work("a", "Deep learning"))

    class BusyFeed(FakeChangeFeed):
        def all_works(self, page: int) -> Iterator[list[Work]]:
            yield from super().all_works(page)
            self.put(work("b", "Deep water"))

    class WatchingLayout(IndexLayout):
        def use(self, build: Path) -> None:
            seen.append(tantivy.Index.open(str(build)).searcher().num_docs)
            super().use(build)

    seen: list[int] = []
    feed = BusyFeed()
    feed.put(work("a", "Deep learning"))
    TantivyIndexer(WatchingLayout(tmp_path), feed, host="here").rebuild()

    assert seen == [2]


def test_a_build_replaced_while_it_is_being_opened_is_no_broken_one(host: Host) -> None:
    """Reading the pointer and opening what it names are two steps; a rebuild may fall between them."""
    host.feed.put(work("a", "Deep learning"))
    host.indexer.apply()

    class LateLayout(IndexLayout):
        calls = 0

        def current(self) -> Path | None:
            self.calls += 1
            return self.folder / "builds" / "gone" if self.calls == 1 else super().current()

    layout = LateLayout(host.layout.folder.parent)
    host.searcher = TantivySearcher(layout, wall_clock=host.clock, monotonic=host.clock)

    assert host.ask("deep").total == 1
    build = host.layout.current()
    assert build is not None
    assert not host.layout.is_broken(build)


def test_another_catalog_behind_the_same_folder_is_indexed_anew(host: Host) -> None:
    """A database that was restored or made anew has another epoch, and its positions mean something else."""
    host.feed.put(work("a", "Deep learning"))
    host.indexer.apply()
    host.feed.epoch_name = "second"
    host.feed.known.clear()
    host.feed.changes.clear()
    host.feed.put(work("b", "Deep water"))

    host.indexer.apply()

    assert ids_of(host.ask("deep")) == (work("b", "").id,)


def test_a_host_whose_changes_were_pruned_builds_anew(host: Host) -> None:
    host.feed.put(work("a", "Deep learning"))
    host.indexer.apply()
    former = host.layout.current()
    host.feed.put(work("b", "Deep water"))
    host.feed.pruned = host.feed.horizon()

    host.indexer.apply()

    assert host.layout.current() != former
    assert host.ask("deep").total == 2


def test_only_one_process_of_a_host_writes(host: Host) -> None:
    host.feed.put(work("a", "Deep learning"))

    with host.layout.writer():
        assert host.indexer.apply() == 0
        with pytest.raises(WriterBusy), host.layout.writer():
            pass

    assert host.ask("deep").state == "missing"
    host.indexer.apply()
    assert host.ask("deep").total == 1


class DyingLayout(IndexLayout):
    """Kills the process where it would note how far it came."""

    def write_state(self, build: Path, state: BuildState) -> None:
        os._exit(9)


def _write_and_die(folder: Path) -> None:
    host = Host(folder)
    host.feed.put(*(work(str(number), f"Deep learning {number}") for number in range(50)))
    TantivyIndexer(DyingLayout(folder), host.feed, host="here").apply()


def test_a_writer_killed_after_its_commit_leaves_a_usable_index(host: Host, tmp_path: Path) -> None:
    """The commit is there and the note of it is not: the same batch comes again and changes nothing."""
    host.indexer.apply()
    child = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == 9
    host.feed.put(*(work(str(number), f"Deep learning {number}") for number in range(50)))

    host.indexer.apply()

    assert host.ask("deep").total == 50


def test_filters_and_facets_count_what_matches(host: Host) -> None:
    host.feed.put(
        work("a", "Deep one", year=2001, type="book", venue="Nature", citation_count=5),
        work(
            "b", "Deep two", year=2002, type="journal-article", venue="Nature", open_access=OpenAccess(True)
        ),
        work("c", "Deep three", retracted=True),
    )
    host.indexer.apply()

    def titles(**fields: object) -> int:
        return host.ask("deep", filters=Filters(**fields)).total  # type: ignore[arg-type] # fields by name

    assert titles(year_from=2002) == 1
    assert titles(year_to=2001) == 1
    assert titles(types=("book", "journal-article")) == 2
    assert titles(open_access=True) == 1
    assert titles(open_access=False) == 2
    assert titles(min_citations=5) == 1
    assert titles(exclude_retracted=True) == 2
    facets = host.ask("deep", facets=("year", "venue", "open_access")).facets
    assert {one.value: one.count for one in facets["venue"]} == {"Nature": 2}
    assert {one.value: one.count for one in facets["year"]} == {"2001": 1, "2002": 1}
    assert {one.value: one.count for one in facets["open_access"]} == {"true": 1, "false": 2}


def test_facets_count_over_all_segments(host: Host) -> None:
    """A value that is common over all may be rare in each: Tantivy asks a segment for few of its values by default."""
    for segment in range(3):
        rare = [
            work(f"{segment} {venue} {copy}", "Deep", venue=f"Rare {segment} {venue}")
            for venue in range(220)
            for copy in range(2)
        ]
        host.feed.put(*rare, work(f"{segment} nature", "Deep", venue="Nature"))
        host.indexer.apply()

    (most, *_) = host.ask("deep", facets=("venue",)).facets["venue"]

    assert (most.value, most.count) == ("Nature", 3)


def test_an_index_ahead_of_its_database_is_built_anew(host: Host) -> None:
    """A database that was set back keeps its name, and its next changes have numbers that were passed already."""
    host.feed.put(work("a", "Deep learning"), work("b", "Deep water"))
    host.indexer.apply()
    host.feed.changes.clear()
    host.feed.known.clear()
    host.feed.put(work("c", "Deep sky"))

    host.indexer.apply()

    assert ids_of(host.ask("deep")) == (work("c", "").id,)


def test_orders_other_than_relevance_put_unknown_values_last(host: Host) -> None:
    old, new, undated = (
        work("a", "Deep", year=1950, citation_count=9),
        work("b", "Deep", date="2001-05-01", year=2001, citation_count=3),
        work("c", "Deep", authors=(Author("A B"),)),
    )
    host.feed.put(old, new, undated)
    host.indexer.apply()

    assert ids_of(host.ask("deep", sort=Sort.NEWEST)) == (new.id, old.id, undated.id)
    assert ids_of(host.ask("deep", sort=Sort.MOST_CITED)) == (old.id, new.id, undated.id)


def test_stems_find_other_forms_and_rank_the_better_match_first(host: Host) -> None:
    both, one = work("a", "Learning languages"), work("b", "Learned men")
    host.feed.put(one, both)
    host.indexer.apply()

    assert ids_of(host.ask("learn language", strict=False)) == (both.id, one.id)
    assert ids_of(host.ask("learn", strict=True)) == ()


def test_a_word_longer_than_the_index_takes_is_found_by_its_beginning(host: Host) -> None:
    """Tantivy drops words of more than 65,530 bytes, and says nothing."""
    long, short = work("a", "Mark " + "\u0e01" * 22_000), work("b", "Mark " + "\u0e01" * 200)
    host.feed.put(long, short)
    host.indexer.apply()

    assert set(ids_of(host.ask("\u0e01* mark"))) == {long.id, short.id}
    assert host.ask("mark NOT \u0e01*").total == 0
