"""LaTeX in bibliographies to the text that a reader would see; `tex` is for abstracts, where formulas stay.

Escapes, accents, letters, ligatures, font commands and braces are read here, in one pass and linear time. A text
with anything rarer (formulas, Greek, unknown commands) goes through pylatexenc, unless it is too long or too deep
for that: then unknown commands are left out.
Sources: "The Not So Short Introduction to LaTeX", 2.4 and 2.9; pylatexenc 2.11, latex2text (read 2026-11).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from pylatexenc.latex2text import LatexNodes2Text

# pylatexenc takes 7 microseconds a character and recurses into every brace
_MAX_RARE_CHARACTERS = 20_000
_MAX_RARE_DEPTH = 40

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328",
    "b": "\u0331",
}  # fmt: skip
_SYMBOLS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ",
    "OE": "Œ", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ",
    "NG": "Ŋ", "textbackslash": "\\", "textbraceleft": "{", "textbraceright": "}", "textasciitilde": "~",
    "textasciicircum": "^", "textunderscore": "_", "textquotedblleft": "“", "textquotedblright": "”",
    "textquoteleft": "‘", "textquoteright": "’", "textendash": "–", "textemdash": "—", "textellipsis": "…",
    "dots": "…", "ldots": "…", "S": "§", "P": "¶", "copyright": "©", "textregistered": "®", "texttrademark": "™",
    "pounds": "£", "texteuro": "€", "textdegree": "°", "textless": "<", "textgreater": ">", "textbar": "|",
    "quad": " ", "space": " ", "slash": "/",
}  # fmt: skip
# what says how to print and not what
_FONT_NAMES = (
    "emph em it itshape textit bf bfseries textbf rm rmfamily textrm sc scshape textsc sl slshape textsl sf sffamily "
    "textsf tt ttfamily texttt textnormal normalfont textup textmd upshape mdseries text mbox hbox uppercase "
    "protect relax ensuremath noopsort natexlab mathrm bibinfo selectlanguage url path nobreakspace"
)
_FONTS = frozenset(_FONT_NAMES.split())
_TOKEN = re.compile(
    r"""\\(?P<letter>[uHvdckbr])(?![A-Za-z])\s*(?:\{\s*(?P<of>\\[ij](?![A-Za-z])|\w)\s*\}|(?P<bare>\\[ij](?![A-Za-z])\s*|\w))
    |\\(?P<sign>[`'^"~=.])\s*(?:\{\s*(?P<under>\\[ij](?![A-Za-z])|\w)?\s*\}|(?P<next>\\[ij](?![A-Za-z])\s*|\w))
    |\\(?P<name>[A-Za-z]+)\*?[ \t\r\n]*
    |\\(?P<escaped>[^A-Za-z])
    |(?P<ligature>---?|``|''|[!?]`)
    |(?P<dollar>\$)
    |(?P<tie>~)
    |[{}]""",
    re.VERBOSE,
)
_LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "!`": "¡", "?`": "¿"}
_PLAIN = re.compile(r"[^\\{}$~`']*")
_BARE_DOLLAR = re.compile(r"(?<!\\)\$")
_BARE_PERCENT = re.compile(r"(?<!\\)%")


class _Rare(Exception):
    """The text has something that is not read here."""


def from_tex(text: str) -> str:
    """The text without TeX; line breaks and doubled spaces may be left in it."""
    if _PLAIN.fullmatch(text) and "--" not in text:
        return text
    try:
        return unicodedata.normalize("NFC", _TOKEN.sub(_known, text))
    except _Rare:
        return unicodedata.normalize("NFC", _rare(text))


def _known(found: re.Match[str]) -> str:
    if found["name"] and found["name"] not in _SYMBOLS and found["name"] not in _FONTS:
        raise _Rare
    if found["dollar"] and len(_BARE_DOLLAR.findall(found.string)) > 1:
        raise _Rare
    return _seen(found)


def _seen(found: re.Match[str]) -> str:
    """What a reader sees of one token; nothing of an unknown command."""
    if accent := found["letter"] or found["sign"]:
        base = found["of"] or found["bare"] or found["under"] or found["next"]
        # \~{} and \^{} are how people write these two signs
        return (
            base.strip().removeprefix("\\") + _ACCENTS[accent] if base else accent if accent in "~^" else ""
        )
    if name := found["name"]:
        return _SYMBOLS.get(name, "")
    if escaped := found["escaped"]:
        return escaped if escaped in "#$%&_{}" else "" if escaped in "-/@" else " "
    if ligature := found["ligature"]:
        return _LIGATURES[ligature]
    return "$" if found["dollar"] else " " if found["tie"] else ""


def _rare(text: str) -> str:
    if len(text) > _MAX_RARE_CHARACTERS or _depth(text) > _MAX_RARE_DEPTH:
        return _TOKEN.sub(_seen, text)
    try:
        # what stands behind a bare % would be a comment in TeX; in a bibliography it is a percentage
        seen: str = _converter().latex_to_text(_BARE_PERCENT.sub(r"\\%", text))
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        # it parses as far as it can, yet has no promise for what is no TeX at all
        return _TOKEN.sub(_seen, text)
    return seen


@cache
def _converter() -> LatexNodes2Text:
    return LatexNodes2Text(math_mode="text", keep_comments=True, strict_latex_spaces=False)


def _depth(text: str) -> int:
    """How deep braces, and commands that take what follows, may nest at most."""
    depth = deepest = 0
    for mark in re.findall(r"[{}\\]", text):
        depth = max(depth + (1 if mark == "{" else -1), 0) if mark != "\\" else depth
        deepest = max(deepest, depth)
    return deepest
