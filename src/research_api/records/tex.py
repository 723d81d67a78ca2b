r"""TeX in titles, names and abstracts, as people write it where no TeX will run.

Decoded are accents (`Erd\H{o}s`), letters (`{\O}degaard`, `Stra\ss e`), escaped signs (`30\%`) and commands that only
change the face (`\emph{oracle}`). Formulas stay as they were written: readers of such texts read TeX, and half of what
stands in them has no other form.
Only what these patterns find is given to pylatexenc, whose tables know the signs; a whole text never is. Its parser
takes 8 ms for an abstract, drops every command that it does not know, and fails on deep or broken input.
Source: arXiv, "Title and Abstract Fields", the accents that its metadata may hold (info.arxiv.org/help/prep.html, read
2026-11).
"""

from __future__ import annotations

import re
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text

# between commands of letters and what follows them TeX wants a space or a brace
_BASE = r"(?:\\[ij](?![A-Za-z])|[A-Za-z])"
_IN_BRACES = rf"\{{\s?(?:\{{?{_BASE}\}}?|\\[ij]\s?\{{\}})?\s?\}}"
# `/\~` leads in the name of a person in an address
_ACCENT = rf"(?<!/)\\['\"`^~=.]\s?(?:{_BASE}|{_IN_BRACES})|\\[Hcdbkruv]\s?{_IN_BRACES}|\\[Hckruv]\s{_BASE}"
_LETTER = r"\\(?:o|O|l|L|ss|ae|AE|oe|OE|aa|AA|dh|DH|dj|DJ|ng|NG|th|TH|i|j)(?![A-Za-z])(?:\s?\{\}|\s)?"
# what opens a formula inside a formula ends the search, so that no input is read more than twice
_FORMULA = (
    r"\$\$(?:[^$\\]|\\.)++\$\$|\$(?:[^$\\]|\\.)++\$"
    r"|\\\((?:[^\\]|\\[^()])*+\\\)|\\\[(?:[^\\]|\\[^\[\]])*+\\\]"
)
_PIECE = re.compile(
    rf"(?P<formula>{_FORMULA})|\{{(?P<wrapped>{_ACCENT}|{_LETTER})\}}|(?P<bare>{_ACCENT}|{_LETTER})"
    r"|\\(?P<sign>[%&#_$ ])|\\.",
    re.DOTALL,
)
_FACE = re.compile(
    r"\\(?:emph|text(?:it|bf|tt|sc|sf|sl|rm|up|normal)|underline)\s?\{((?:[^{}]|\{[^{}]*+\})*+)\}"
    r"|\{\\(?:em|it|bf|tt|sc|sf|sl|rm)\s((?:[^{}]|\{[^{}]*+\})*+)\}"
)
_MAX_NESTING = 3
_MAX_PIECES = 4_096
_MAX_CHARACTERS = 400_000


def without_tex(text: str) -> str:
    r"""The text with its accents, letters, escaped signs and faces as characters; formulas and all else stay.

    Time grows with the length of the text alone; what stands behind 400,000 characters is not looked at and goes.
    """
    if "\\" not in text:
        return text
    shown = _PIECE.sub(_shown, text[:_MAX_CHARACTERS])
    for _ in range(_MAX_NESTING):
        shown, count = _FACE.subn(lambda found: found[1] if found[1] is not None else found[2], shown)
        if not count:
            break
    return shown


def _shown(piece: re.Match[str]) -> str:
    if piece["sign"]:
        return piece["sign"]
    command = piece["wrapped"] or piece["bare"]
    return _decoded(command) if command else piece[0]


@lru_cache(maxsize=_MAX_PIECES)
def _decoded(command: str) -> str:
    return str(LatexNodes2Text().latex_to_text(command)).strip() or command
