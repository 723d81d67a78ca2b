"""How one source is reached."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """base_url: without a slash at the end. api_key, contact: empty where the operator gave none.

    contact: the operator's e-mail address, for sources that ask who calls; the User-Agent is not set here.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    contact: str = ""
