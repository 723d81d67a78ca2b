"""Writes docs/api.md: what the OpenAPI document says, as Markdown for people. `make docs` runs it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from ops.api_reference_words import INTRODUCTION, MEANINGS
from ops.markdown import anchor, code, pretty, table
from research_api.app import create_app
from research_api.domain.works import WORK_TYPES
from research_api.web.access import PUBLIC, scope_of
from research_api.web.openapi import document
from research_api.web.problem_types import PROBLEM_TYPES

TARGET = Path(__file__).resolve().parents[1] / "docs" / "api.md"
BASE_URL = "http://127.0.0.1:8000"
METHODS = ("get", "post", "put", "patch", "delete")
# what a reader wants first; any other comes after these
TAGS = ("search", "works", "documentation", "health")
# a path needs a value to be tried out, which the document does not give
PATH_EXAMPLES = {"id": "10.1038/171737a0"}
# its members are those that the caller chose
CHOSEN_BY_CALLERS = ("Work",)
_BOUNDS = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
)

Json = Mapping[str, Any]


class ApiReference:
    """One OpenAPI document as one page; the same document always gives the same page."""

    def __init__(self, app: Flask) -> None:
        self._scopes = _scopes(app)
        self._document: Json = document(app, BASE_URL)
        self._schemas: Json = self._document["components"]["schemas"]

    def page(self) -> str:
        """The whole page."""
        operations = self._operations()
        shown: dict[str, str] = {}
        overview = (self._overview(*one) for one in operations)
        lines = [INTRODUCTION, "## Operations", "", *table(("operation", "what it does", "scope"), overview)]
        for path, method, operation in operations:
            lines += [
                "",
                f"### {method.upper()} {path}",
                "",
                *self._operation(path, method, operation, shown),
            ]
        lines += ["", "## Objects"]
        for name in self._object_names(operations):
            lines += ["", f"### {name}", "", MEANINGS[name], "", *self._object(name)]
        lines += ["", "### Work types", "", ", ".join(f"`{one}`" for one in sorted(WORK_TYPES))]
        return "\n".join([*lines, "", "## Problem types", "", *_problem_types()]) + "\n"

    def _operations(self) -> list[tuple[str, str, Json]]:
        found = [
            (path, method, operation)
            for path, item in self._document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        ]
        places = {tag: place for place, tag in enumerate(TAGS)}
        return sorted(found, key=lambda one: (places.get(one[2]["tags"][0], len(TAGS)), *one[:2]))

    def _overview(self, path: str, method: str, operation: Json) -> Sequence[str]:
        name = f"{method.upper()} {path}"
        return f"[`{name}`](#{anchor(name)})", operation["summary"], self._scopes[path, method]

    def _operation(self, path: str, method: str, operation: Json, shown: dict[str, str]) -> Iterator[str]:
        """shown: example answers by where they stand already."""
        yield f"{operation['summary']}. {operation.get('description', '')}".rstrip()
        yield from ("", f"Scope: {self._scopes[path, method]}", "")
        given = [*self._document["paths"][path].get("parameters", ()), *operation.get("parameters", ())]
        if given:
            columns = ("parameter", "where", "type", "default", "limits", "meaning")
            yield from (*table(columns, (_parameter_row(self._resolved(one)) for one in given)), "")
        if "requestBody" in operation:
            yield from (*self._body(operation["requestBody"]), "")
        yield from (*code("sh", _request(path, operation)), "")
        answers = {status: self._resolved(one) for status, one in operation["responses"].items()}
        rows = ((f"`{status}`", _answer(answers[status])) for status in sorted(answers, key=int))
        yield from table(("status", "answer"), rows)
        yield from _example(f"{method.upper()} {path}", answers["200"], shown)

    def _body(self, body: Json) -> Iterator[str]:
        name = _name_of(body["content"]["application/json"]["schema"])
        required = self._schemas[name].get("required", ())
        yield from ("The body, one JSON object:", "")
        yield from table(
            ("member", "type", "default", "limits", "meaning"),
            (
                (
                    f"`{member}`" + (" (required)" if member in required else ""),
                    _type(schema),
                    _default(schema),
                    _limits(schema),
                    _meaning(name, member, schema),
                )
                for member, schema in self._schemas[name]["properties"].items()
            ),
        )

    def _object(self, name: str) -> list[str]:
        properties = self._schemas[name]["properties"]
        certain = properties if name in CHOSEN_BY_CALLERS else self._schemas[name].get("required", ())
        return table(
            ("member", "type", "limits", "meaning"),
            (
                (
                    f"`{member}`" + ("" if member in certain else " (not always)"),
                    _type(schema),
                    _limits(schema),
                    _meaning(name, member, schema),
                )
                for member, schema in properties.items()
            ),
        )

    def _object_names(self, operations: Sequence[tuple[str, str, Json]]) -> list[str]:
        """What answers are made of, each object before its parts."""
        names: dict[str, None] = {}
        for _, _, operation in operations:
            for status in sorted(operation["responses"], key=int):
                response = self._resolved(operation["responses"][status])
                for content in response.get("content", {}).values():
                    self._collect(_name_of(content["schema"]), names)
        return list(names)

    def _collect(self, name: str, names: dict[str, None]) -> None:
        if not name or name in names:
            return
        names[name] = None
        for schema in self._schemas[name]["properties"].values():
            self._collect(_name_of(schema), names)

    def _resolved(self, part: Json) -> Json:
        if "$ref" not in part:
            return part
        _, _, kind, name = part["$ref"].split("/")
        found: Json = self._document["components"][kind][name]
        return found


def _scopes(app: Flask) -> dict[tuple[str, str], str]:
    found = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        scope = scope_of(rule.endpoint)
        for method in rule.methods or ():
            found[path, method.lower()] = "none, no key is needed" if scope == PUBLIC else f"`{scope}`"
    return found


def _parameter_row(parameter: Json) -> Sequence[str]:
    name, schema = parameter["name"], parameter["schema"]
    shown = f"`{name}`" + (" (required)" if parameter.get("required") else "")
    meaning = parameter.get("description") or MEANINGS[name]
    return shown, parameter["in"], _type(schema), _default(schema), _limits(schema), meaning


def _request(path: str, operation: Json) -> str:
    parts = ["curl -sS"]
    if operation.get("security") != []:
        parts.append('-H "Authorization: Bearer $KEY"')
    parts += [
        f"-G --data-urlencode '{one['name']}={one['schema']['examples'][0]}'"
        for one in operation.get("parameters", ())
        if "examples" in one.get("schema", {})
    ]
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        parts += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(example, ensure_ascii=False)}'"]
    filled = re.sub(r"\{(\w+)\}", lambda found: PATH_EXAMPLES[found[1]], path)
    return " \\\n    ".join([*parts, BASE_URL + filled])


def _answer(response: Json) -> str:
    content = response.get("content", {})
    if "application/problem+json" in content:
        slugs = content["application/problem+json"]["examples"]
        return "problem " + " or ".join(f"`{slug}`" for slug in slugs)
    if "application/json" not in content:
        return str(response["description"])
    headers = [
        f"`{name}` ({about['description'].rstrip('.')})"
        for name, about in response.get("headers", {}).items()
    ]
    told = _type(content["application/json"]["schema"])
    told = f"{told}, with {', '.join(headers)}" if headers else told
    others = ", ".join(f"`{media_type}`" for media_type in content if media_type != "application/json")
    return f"{told}; or {others} ([formats](guide.md#other-formats))" if others else told


def _example(name: str, response: Json, shown: dict[str, str]) -> Iterator[str]:
    content = response["content"]["application/json"]
    if "example" not in content:
        return
    text = pretty(content["example"])
    if (where := shown.setdefault(text, name)) != name:
        yield from ("", f"An answer looks like that of [`{where}`](#{anchor(where)}).")
    else:
        yield from ("", "An answer:", "", *code("json", text))


def _problem_types() -> Iterator[str]:
    kinds = sorted(PROBLEM_TYPES.values(), key=lambda kind: (kind.status, kind.slug))
    rows = ((f"`{one.slug}`", str(one.status), one.title, one.meaning, one.remedy) for one in kinds)
    yield from (MEANINGS["problem types"], "")
    yield from table(("type", "status", "title", "meaning", "what to do"), rows)


def _meaning(name: str, member: str, schema: Json) -> str:
    return schema.get("description") or MEANINGS.get(f"{name}.{member}") or MEANINGS[member]


def _name_of(schema: Json) -> str:
    """The object that a schema is, or holds in a list or a map; empty where it is made of plain values."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    inner = schema.get("items") or schema.get("additionalProperties")
    return _name_of(inner) if isinstance(inner, Mapping) else ""


def _type(schema: Json) -> str:
    if "$ref" in schema:
        return f"[{_name_of(schema)}](#{anchor(_name_of(schema))})"
    kinds = schema.get("type", "any")
    if kinds == "array":
        return f"list of {_type(schema['items'])}"
    if isinstance(inner := schema.get("additionalProperties"), Mapping):
        return f"object, name to {_type(inner)}"
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _default(schema: Json) -> str:
    value = schema.get("default", "")
    shown = value if isinstance(value, str) else json.dumps(value)
    return f"`{shown}`" if shown else ""


def _limits(schema: Json) -> str:
    found = [
        (f"{schema[low]} to " if low in schema else "at most ") + _number(schema[high]) + what
        for low, high, what in _BOUNDS
        if high in schema
    ]
    if "pattern" in schema:
        found.append(f"`{schema['pattern']}`")
    choices = [one for one in schema.get("enum", ()) if one is not None]
    if set(choices) == WORK_TYPES:
        found.append("one of the [work types](#work-types)")
    elif choices:
        found.append("one of " + ", ".join(f"`{one}`" for one in choices))
    if "items" in schema and (inner := _limits(schema["items"])):
        found.append(f"each {inner}")
    return "; ".join(found)


def _number(value: int) -> str:
    return f"{value:,}" if value > 9_999 else str(value)


def main() -> int:
    """docs/api.md is what the application says."""
    TARGET.write_text(ApiReference(create_app()).page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
