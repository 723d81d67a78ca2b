"""BibTeX: one entry a work, in UTF-8, for BibTeX with inputenc and for biber.

`doi`, `url`, `eprint` and `note` are what styles know. `pmid`, `pmcid`, `openalex`, `s2`, `localid`, `worktype` and
`researchapi` (the work's id) are for programs, and for importing the file again; styles pass over them.
Sources: BibTeX, btxdoc.pdf; "Tame the BeaST" (names, special characters); biblatex manual, 2.2 (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from research_api.catalog.exporters.citation_keys import citation_key
from research_api.catalog.exporters.kinds import kind_of
from research_api.catalog.exporters.names import Name, is_organisation, name_of
from research_api.domain.exports import BIBTEX, RETRACTED_NOTE
from research_api.domain.record_bodies import work_shown
from research_api.domain.search import Hit
from research_api.domain.works import Work
from research_api.records.cleaning import clean_text
from research_api.records.months import SHORT_MONTHS

NAME, MEDIA_TYPE, FILE_SUFFIX = BIBTEX.name, BIBTEX.media_type, BIBTEX.file_suffix

# no brace stands behind a backslash here: TeX would see a character, BibTeX would still count the brace
_IN_TEX = {
    "\\": r"{\textbackslash}", "{": r"{\textbraceleft}", "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}", "^": r"{\textasciicircum}",
    **{character: "\\" + character for character in "#$%&_"},
}  # fmt: skip
# and what TeX would make dashes and quotation marks of
_SPECIAL = re.compile(r"-(?=-)|`(?=`)|'(?=')|[?!](?=`)|[\\{}~^#$%&_]")
_BREAKING = re.compile(r"[\\{}]")
# words of fewer letters stay small in titles that capitalise the others
_MIN_COUNTED_LETTERS = 4


def write(shown: Iterable[Hit | Work], fields: Collection[str] = ()) -> Iterator[str]:  # noqa: ARG001 - the same signature for every format
    """One entry after another."""
    for one in shown:
        yield _entry(work_shown(one))


def _entry(work: Work) -> str:
    kind = kind_of(work.type)
    lines = [f"  {name} = {value},\n" for name, value in _fields(work, kind.venue)]
    return f"@{kind.bibtex}{{{citation_key(work)},\n{''.join(lines)}}}\n\n"


def _fields(work: Work, venue_field: str) -> Iterator[tuple[str, str]]:
    yield "title", f"{{{_title(clean_text(work.title))}}}"
    if names := [name for author in work.authors if (name := name_of(author)).whole]:
        yield "author", f"{{{' and '.join(map(_author, names))}}}"
    if work.year is not None:
        yield "year", f"{{{work.year}}}"
    yield from _date(work)
    if work.venue:
        yield venue_field, f"{{{escaped(clean_text(work.venue))}}}"
    for field, text in (*_identifiers(work), ("url", work.url)):
        if text:
            yield field, f"{{{_verbatim(clean_text(text))}}}"
    if work.retracted:
        yield "note", f"{{{RETRACTED_NOTE}}}"
    if work.abstract:
        yield "abstract", f"{{{escaped(clean_text(work.abstract))}}}"
    if work.type:
        yield "worktype", f"{{{work.type}}}"
    yield "researchapi", f"{{{work.id}}}"


def _date(work: Work) -> Iterator[tuple[str, str]]:
    """`month` for BibTeX, where it is one of that year; `date` for biblatex."""
    if work.date:
        month = work.date[5:7]
        if month and work.date[:4] == str(work.year):
            yield "month", SHORT_MONTHS[int(month) - 1]
        yield "date", f"{{{work.date}}}"


def _identifiers(work: Work) -> Iterator[tuple[str, str]]:
    for scheme, value in work.identifiers.items():
        if scheme == "arxiv":
            yield "eprint", value
            yield "archiveprefix", "arXiv"
        else:
            yield ("localid" if scheme == "local" else scheme), value


def escaped(text: str) -> str:
    """The text as TeX prints it; what is not ASCII stays as it is."""
    return _SPECIAL.sub(_in_tex, text)


def _verbatim(text: str) -> str:
    """As it is: biblatex and \\url look for no TeX in such fields. Escaped where a brace would break the entry."""
    return escaped(text) if _BREAKING.search(text) else text


def _in_tex(found: re.Match[str]) -> str:
    return _IN_TEX.get(found[0]) or found[0] + "{}"


def _title(text: str) -> str:
    """Escaped, with braces around the words whose capitals a style must not take away.

    A capital inside a word is one (DNA, mRNA). The first letter of a word is one where the other words are small:
    there it starts a name, while in Such a Title it starts every word.
    """
    words = text.split(" ")
    counted = [word for word in words[1:] if sum(map(str.isalpha, word)) >= _MIN_COUNTED_LETTERS]
    capitals = sum(1 for word in counted if _initial(word).isupper())
    keeps_initials = 2 * capitals <= len(counted)
    return " ".join(
        f"{{{escaped(word)}}}"
        if _has_capital(word, at_start=bool(place) and keeps_initials)
        else escaped(word)
        for place, word in enumerate(words)
    )


def _initial(word: str) -> str:
    return next(filter(str.isalpha, word), "")


def _has_capital(word: str, *, at_start: bool) -> bool:
    """True for a capital behind the first letter, or also for that."""
    letters = [character for character in word if character.isalpha()]
    return any(letter.isupper() for letter in letters[0 if at_start else 1 :])


def _author(name: Name) -> str:
    """`Family, Given`, `Family, Jr., Given`, `Given Family` where it came in one piece, or `{An Organisation}`."""
    if name.family:
        parts = (name.family, name.suffix, name.given)
        return ", ".join(_part(part) for part in parts if part)
    if "," in name.whole or is_organisation(name.whole):
        return f"{{{escaped(name.whole)}}}"
    return _part(name.whole)


def _part(text: str) -> str:
    """A part of a name, in which no comma and no `and` may be taken for a separator."""
    if "," in text:
        return f"{{{escaped(text)}}}"
    return " ".join(
        f"{{{word}}}" if word.lower() in ("and", "others") else escaped(word) for word in text.split()
    )
