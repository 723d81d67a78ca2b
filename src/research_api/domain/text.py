"""Words of a text: how characters fold, where words begin and end.

One rule for queries, stored texts and the index, so that case, width, diacritics, hyphens and white space
never decide whether two words are equal. Offsets are half-open code points into the string that was given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import NamedTuple

# Layout inside a word, not text: soft hyphen, zero-width (non-)joiner, word joiner, byte order mark.
IGNORABLE_CHARACTERS = "\u00ad\u200c\u200d\u2060\ufeff"

# Letters that Unicode does not decompose although readers type them without the stroke or as two letters.
# Keys are the casefolded forms; ß and ı need no entry, upper case already makes them ss and i.
UNDECOMPOSED_LETTERS = str.maketrans(
    {
        "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ŧ": "t",
        "ɖ": "d", "ƀ": "b", "ȼ": "c", "ɇ": "e", "ǥ": "g", "ɨ": "i", "ɉ": "j", "ƚ": "l", "ɵ": "o", "ᵽ": "p",
        "ɍ": "r", "ⱥ": "a", "ⱦ": "t", "ʉ": "u", "ɏ": "y", "ƶ": "z",
    }
)  # fmt: skip

# Unicode calls these letters; in names and transliterations they are apostrophes and primes.
APOSTROPHE_LETTERS = frozenset("\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ee")

# Han, Hiragana, Katakana with their iteration and length marks. Source: Unicode Blocks.txt (read 2026-11)
CJK_RANGES = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001aff0-\U0001affe\U0001b000-\U0001b16f"
    "\U00020000-\U0003fffd"
)

# Enough for every script in daily use; a text full of rare characters cannot make the tables grow past it.
MAX_REMEMBERED_CHARACTERS = 65_536

_MARK, _IGNORED = "\x01", "\x02"
_ASCII_WORD = re.compile("([a-z0-9]+)")
_CJK = re.compile(f"[{CJK_RANGES}]")
_LETTERS = f"[^ {_MARK}{_IGNORED}{CJK_RANGES}]+"
_WORD = re.compile(f"({_LETTERS}(?:[{_MARK}{_IGNORED}]+{_LETTERS})*{_MARK}*|[{CJK_RANGES}]{_MARK}*)")
_DROP_SIGNS = str.maketrans("", "", _MARK + _IGNORED)


class Token(NamedTuple):
    """One folded word and where it stands; a character that folds to several words is shared by them."""

    text: str
    start: int
    end: int


class CharacterTable(dict[int, str]):
    """For `str.translate`: code point to text, computed once for each character.

    Full, it forgets all: the few hundred characters in daily use are back within one text.
    """

    def __init__(self, compute: Callable[[str], str]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, code: int) -> str:
        text = self._compute(chr(code))
        if len(self) >= MAX_REMEMBERED_CHARACTERS:
            self.clear()
        self[code] = text
        return text


def nfc(text: str) -> str:
    """The form in which texts are stored and offsets are counted."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Case, width, diacritics and ignorable characters removed; punctuation and white space stay."""
    if text.isascii():
        return text.lower()
    return text.translate(_FOLDED)


def tokenize(text: str) -> list[Token]:
    """The words of an NFC text in order, folded, with their offsets.

    A word is a maximal run of letters and digits after folding; marks extend it, ignorable characters inside
    it vanish, all else separates. Each Han, Hiragana or Katakana character is a word of its own. A character
    that folds to several words (one half: 1, 2) lends its own span to each. Takes lone surrogates too.
    """
    if text.isascii():
        return _tokens_between(_ASCII_WORD.split(text.lower()))
    signs = text.translate(_SIGNS)
    tokens = _tokens_between(_WORD.split(signs))
    if not signs.isprintable():
        tokens = [Token(_letters(token.text), token.start, token.end) for token in tokens]
    if len(signs) == len(text):
        return tokens
    sources = [index for index, character in enumerate(text) for _ in _SIGNS[ord(character)]]
    return [Token(token.text, sources[token.start], sources[token.end - 1] + 1) for token in tokens]


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return [_letters(found) for found in _WORD.findall(text.translate(_SIGNS))]


def is_cjk_token(text: str) -> bool:
    """Whether a token's text is one Han, Hiragana or Katakana character."""
    return _CJK.fullmatch(text) is not None


def _tokens_between(pieces: list[str]) -> list[Token]:
    """Tokens from separators and words in turn; half the time of a loop over matches (75 against 150 µs)."""
    offsets = list(accumulate(map(len, pieces)))
    return list(map(_make_token, zip(pieces[1::2], offsets[0::2], offsets[1::2], strict=False)))


def _letters(signs: str) -> str:
    return signs if signs.isalnum() else signs.translate(_DROP_SIGNS)


def _fold_character(character: str) -> str:
    """NFKD, upper, casefold, NFKD, marks dropped: upper case first, so that ᾳ and its capital ΑΙ agree."""
    if character in IGNORABLE_CHARACTERS:
        return ""
    capital = unicodedata.normalize("NFKD", character).upper()
    decomposed = unicodedata.normalize("NFKD", capital.casefold())
    return "".join(part for part in decomposed if not _is_dropped_mark(part)).translate(UNDECOMPOSED_LETTERS)


def _is_dropped_mark(character: str) -> bool:
    """Spacing vowel signs (Mc) are text, except those few that NFC would move: folding must be stable."""
    category = unicodedata.category(character)
    return category in {"Mn", "Me"} or (category == "Mc" and unicodedata.combining(character) != 0)


def _signs_of(character: str) -> str:
    """What the word pattern reads: word characters, a blank, or one of the two signs; never empty."""
    if character in IGNORABLE_CHARACTERS:
        return _IGNORED
    folded = _FOLDED[ord(character)]
    return "".join(part if _is_word_character(part) else " " for part in folded) or _MARK


def _is_word_character(character: str) -> bool:
    if character in APOSTROPHE_LETTERS:
        return False
    return character.isalnum() or unicodedata.category(character) == "Mc"


_FOLDED = CharacterTable(_fold_character)
_SIGNS = CharacterTable(_signs_of)
_make_token = partial(tuple.__new__, Token)
