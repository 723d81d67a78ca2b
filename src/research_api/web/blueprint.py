"""A blueprint whose one decorator states the whole contract of an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types
from marshmallow import Schema

from research_api.domain.exports import CSL, EXPORT_FORMATS
from research_api.web.parser import StrictParser

View = Callable[..., Response]

# what any operation behind a key may answer, and what comes on top for those that read a body
PRIVATE_PROBLEMS = (401, 403, 406, 422, 503)
BODY_PROBLEMS = (413, 415)
# what any request may get before it is looked at, and where something fails
COMMON_PROBLEMS = (400, 414, 431, 500)
# and what it may get where the answer has an ETag
ETAG_STATUSES = (304, 412)
_EXPORTED = {
    one.media_type: {
        "schema": {"type": "array", "items": {"type": "object"}} if one is CSL else {"type": "string"}
    }
    for one in EXPORT_FORMATS.values()
}
_ETAG_HEADER = {"ETag": {"schema": {"type": "string"}, "description": "Strong, over the results."}}


@dataclass(frozen=True, slots=True)
class Contract:
    """What an operation takes and gives.

    takes: read from the query string of a GET and from the body of a POST; None means no arguments.
    problems: statuses beyond those that every operation of its kind may answer.
    has_etag: for a GET that takes arguments, if only to refuse them.
    exports: the works in the answer can be had in every format; then it stands in `negotiation.EXPORTING`.
    """

    operation_id: str
    gives: type[Schema] | Mapping[str, object]
    example: Mapping[str, object] | None = None
    takes: type[Schema] | None = None
    takes_example: Mapping[str, object] | None = None
    problems: tuple[int, ...] = ()
    headers: Mapping[str, Mapping[str, object]] | None = None
    is_public: bool = False
    has_etag: bool = False
    exports: bool = False


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # its base ships no types
    """Registers views together with their part of the OpenAPI document."""

    ARGUMENTS_PARSER = StrictParser()

    def operation(self, method: str, rule: str, contract: Contract) -> Callable[[View], View]:
        """The view answers at the rule; it gets what the contract takes as its first argument."""

        def register(view: View) -> View:
            self.route(rule, methods=[method])(self._documented(view, method, contract))
            return view

        return register

    def _documented(self, view: View, method: str, contract: Contract) -> View:
        headers = {**(contract.headers or {}), **(_ETAG_HEADER if contract.has_etag else {})}
        documented: View = self.response(
            200, contract.gives, example=contract.example, headers=headers or None
        )(view)
        if contract.takes is not None:
            location = "query" if method == "GET" else "json"
            documented = self.arguments(contract.takes(), location=location, example=contract.takes_example)(
                documented
            )
        if contract.has_etag:
            # the only place for parameters of one method: `doc` would replace those of the arguments
            notes: dict[str, Any] = vars(documented)["_apidoc"]
            notes["arguments"]["parameters"] += ["IF_NONE_MATCH", "IF_MATCH"]
        responses: dict[int, object] = {
            status: HTTPStatus(status).name for status in _other_statuses(method, contract)
        }
        if contract.exports:
            responses[200] = {"content": _EXPORTED}
        described: View = self.doc(
            operationId=contract.operation_id,
            responses=responses,
            **({"security": []} if contract.is_public else {}),
        )(documented)
        return described


def _other_statuses(method: str, contract: Contract) -> list[int]:
    statuses = {*COMMON_PROBLEMS, *contract.problems, *(ETAG_STATUSES if contract.has_etag else ())}
    if not contract.is_public:
        statuses.update(PRIVATE_PROBLEMS)
    if method == "POST":
        statuses.update(BODY_PROBLEMS)
    return sorted(statuses)
