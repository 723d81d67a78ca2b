"""Titles as sources spell them: when two of them are one title, and what in a title tells works apart."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from research_api.domain.text import words

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,80}>")
_TEX = re.compile(r"\\[a-zA-Z]+|[\\${}]")
# a retracted work is the same work: publishers put this before its title, and other sources do not follow
_MARK = re.compile(
    r"^\W*(?:retracted|withdrawn)(?:\s+(?:article|paper|chapter))?\s*[:\].-]\s*", re.IGNORECASE
)
_SUBTITLE = re.compile(r"\s*(?:[:?!;]\s|\s[-\u2012-\u2015]\s?|[\u2013\u2014](?=\w)|\.\s(?=[A-Z]))\s*")
_SYMBOLS = re.compile(r"[a-z](\+\+|#)", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]+")
_ARTICLES = frozenset({"a", "an", "the"})
_ROMAN = re.compile(r"[ivx]+")
_VOWELS = frozenset("aeiouy")
# words that two letters in other order make others
_SWAPPED_WORDS = frozenset(
    frozenset(pair.split("/"))
    for pair in ("casual/causal", "causality/casualty", "marital/martial", "trail/trial", "trails/trials")
)
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa", "λ": "lambda",
    "μ": "mu", "π": "pi", "σ": "sigma", "τ": "tau", "ω": "omega",
}  # fmt: skip

# what makes a piece about a work of a work: one title with the word and one without are two works
_KIND_WORDS = frozenset(
    {
        "addendum", "appendix", "comment", "commentary", "comments", "corrected", "correction", "corrections",
        "corrigenda", "corrigendum", "design", "discussion", "editorial", "errata", "erratum", "extended", "followup",
        "foreword", "index", "interim", "introduction", "letter", "obituary", "part", "pilot", "preface", "protocol",
        "rationale", "rejoinder", "replication", "reply", "response", "retraction", "review", "reviewed", "revisited",
        "supplement", "supplementary", "tutorial", "update", "updated", "volume", "withdrawal",
    }
)  # fmt: skip
# titles of nothing but such words name no work
_GENERIC_WORDS = _KIND_WORDS | frozenset(
    {
        "a", "abstract", "abstracts", "acknowledgements", "an", "and", "announcement", "announcements", "annual",
        "article", "articles", "author", "authors", "back", "book", "books", "brief", "by", "calendar", "call",
        "chair", "chapter", "conclusion", "conclusions", "conference", "contents", "contributors", "cover", "current",
        "editor", "editors", "epilogue", "events", "focus", "for", "front", "from", "general", "guest", "highlights",
        "in", "information", "invited", "issue", "journal", "keynote", "letters", "list", "literature", "masthead",
        "matter", "meeting", "meetings", "message", "new", "news", "note", "notes", "of", "on", "opening", "overview",
        "paper", "papers", "president", "presidents", "proceedings", "program", "programme", "publications",
        "received", "recent", "references", "remarks", "report", "reports", "research", "reviewers", "reviews",
        "section", "session", "short", "special", "summary", "symposium", "table", "talk", "thanks", "the", "this",
        "to", "welcome", "workshop",
    }
)  # fmt: skip
_SERIES_WORDS = frozenset(
    {"chapter", "edition", "no", "number", "part", "section", "series", "vol", "volume"}
)

# a shorter title says too little by itself: half of the shared titles of the Anthology have at most three words
_LONG_WORDS, _LONG_LETTERS = 4, 20
_LETTERS_OF_A_KEY = 24


class TitleMatch(IntEnum):
    """How far two titles agree; a stronger one is greater. SLIP: mistyped in a way that makes no other word."""

    NONE = 0
    WITHOUT_SUBTITLE = 1
    SIMILAR = 2
    MISTYPED = 3
    SLIP = 4
    SAME = 5


@dataclass(frozen=True, slots=True)
class TitleForm:
    """What of a title is compared. letters: its words run together. base: the words before the subtitle."""

    words: tuple[str, ...]
    letters: str
    base: tuple[str, ...]
    numbers: tuple[str, ...]
    kinds: frozenset[str]
    symbols: tuple[str, ...]

    @property
    def is_generic(self) -> bool:
        """True where the title, as that of many others, names no work."""
        return len(self.letters) < 5 or all(word in _GENERIC_WORDS or word.isdigit() for word in self.words)

    @property
    def is_long(self) -> bool:
        """True where hardly two works of an author have this title by chance."""
        return len(self.words) >= _LONG_WORDS and len(self.letters) >= _LONG_LETTERS

    @property
    def key(self) -> str:
        """Equal in titles that agree, unless they differ near the beginning."""
        return "".join(self.base)[:_LETTERS_OF_A_KEY]


@lru_cache(maxsize=8192)
def title_form(title: str) -> TitleForm:
    """The form of a title as a source gives it, also where markup or entities were left in it."""
    text = _plain(title)
    found = _words_of(text)
    if ":" in text or not text.isascii() or _SUBTITLE.search(text):
        head = _SUBTITLE.split(text, maxsplit=1)[0]
        base = _words_of(head)
    else:
        base = found
    letters = "".join(found)
    return TitleForm(
        found,
        letters,
        base or found,
        tuple(_DIGITS.findall(" ".join(found))),
        _KIND_WORDS.intersection(found),
        tuple(_SYMBOLS.findall(text)),
    )


def compare_titles(one: TitleForm, other: TitleForm) -> TitleMatch:
    """How far the titles agree. What is numbered differently, or is about the other, does not agree at all."""
    if one.symbols != other.symbols or one.kinds != other.kinds:
        return TitleMatch.NONE
    if one.numbers == other.numbers:
        if one.letters == other.letters:
            return TitleMatch.SAME
        if one.is_long and other.is_long:
            if _is_mistyped(one, other):
                return TitleMatch.SLIP if _is_slip(one, other) else TitleMatch.MISTYPED
            if len(one.words) == len(other.words) and _is_similar(one, other):
                return TitleMatch.SIMILAR
    short, long = sorted((one, other), key=lambda form: len(form.letters))
    return TitleMatch.WITHOUT_SUBTITLE if _is_without_subtitle(short, long) else TitleMatch.NONE


def _plain(title: str) -> str:
    if "&" in title:
        title = html.unescape(html.unescape(title)).replace("&", " and ")
    if "<" in title:
        title = _TAG.sub("", title)
    if "\\" in title or "$" in title or "{" in title:
        title = _TEX.sub("", title)
    return _MARK.sub("", title)


def _words_of(text: str) -> tuple[str, ...]:
    found = words(text)
    if len(found) > 1 and found[0] in _ARTICLES:
        found = found[1:]
    return tuple(found if text.isascii() else [_GREEK.get(word, word) for word in found])


def _is_mistyped(one: TitleForm, other: TitleForm) -> bool:
    """One letter of one long word was mistyped, in a way that hardly makes another word."""
    if len(one.words) != len(other.words):
        return False
    apart = [(mine, theirs) for mine, theirs in zip(one.words, other.words, strict=True) if mine != theirs]
    if len(apart) != 1:
        return False
    short, long = sorted(apart[0], key=len)
    return (
        len(short) >= 5
        and short.isalpha()
        and long.isalpha()
        and frozenset(apart[0]) not in _SWAPPED_WORDS
        and OSA.distance(short, long, score_cutoff=1) == 1
        and (_is_other_letter(short, long) if len(short) == len(long) else _is_lost_letter(short, long))
    )


def _is_slip(one: TitleForm, other: TitleForm) -> bool:
    """A letter was doubled, or two changed places inside the word: `transportters`, `dynmaics`."""
    pairs = [pair for pair in zip(one.words, other.words, strict=True) if pair[0] != pair[1]]
    short, long = sorted(pairs[0], key=len)
    place = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) == len(long):
        return place >= 2 and sorted(short) == sorted(long)
    return place > 0 and long[place] == long[place - 1]


def _is_other_letter(mine: str, theirs: str) -> bool:
    """Two letters changed places, or one consonant stands for another: not in the ending, and not in a prefix.

    Nitrate and nitrite, sulfide and sulfite, absorption and adsorption are studied side by side by the same people.
    """
    places = [place for place, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b]
    if len(places) == 2:
        return True
    place = places[0]
    is_beginning = place == 0 or (place == 1 and mine[0] in _VOWELS)
    return (
        _VOWELS.isdisjoint((mine[place], theirs[place]))
        and place < len(mine) - 3
        and (not is_beginning or (len(mine) >= 8 and place == 0))
    )


def _is_lost_letter(short: str, long: str) -> bool:
    """A letter is missing or doubled: not the last one, and no vowel at the beginning (typical, atypical)."""
    place = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return place < len(short) and (place > 0 or (long[0] not in _VOWELS and len(long) >= 7))


def _is_similar(one: TitleForm, other: TitleForm) -> bool:
    """A few letters differ, never a short word: `in` and `on`, `I` and `II` can be all that tells two works apart."""
    apart = [(mine, theirs) for mine, theirs in zip(one.words, other.words, strict=True) if mine != theirs]
    return (
        len(apart) <= 2
        and all(min(len(mine), len(theirs)) >= 4 and ratio(mine, theirs) >= 75 for mine, theirs in apart)
        and ratio(one.letters, other.letters) >= 93
    )


def _is_without_subtitle(short: TitleForm, long: TitleForm) -> bool:
    """The short title is what stands before the subtitle of the long one, which numbers no part and no year."""
    base = "".join(long.base)
    if short.letters != base or len(base) == len(long.letters):
        return False
    rest = long.words[len(long.base) :]
    return not any(
        word in _SERIES_WORDS
        or _DIGITS.search(word)
        or _ROMAN.fullmatch(word)
        or (len(word) == 1 and word != "a")
        for word in rest
    )
