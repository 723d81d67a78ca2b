"""Is the process alive, and can it serve."""

from __future__ import annotations

from flask import Response, current_app
from marshmallow import fields, validate

from research_api.services.health import Health, State
from research_api.web.answers import json_answer
from research_api.web.blueprint import ApiBlueprint, Contract
from research_api.web.envelope import NO_STORE
from research_api.web.problem_types import PROBLEM_TYPES
from research_api.web.problems import problem
from research_api.web.request_context import services
from research_api.web.work_schemas import AnswerSchema

blueprint = ApiBlueprint("health", __name__, description="For probes.")


class LivenessSchema(AnswerSchema):
    """The process answers."""

    status = fields.String(required=True, validate=validate.Equal("alive"))


class ReadinessSchema(AnswerSchema):
    """Whether requests can be served; degraded means that they can, with less than normal."""

    status = fields.String(required=True, validate=validate.OneOf([State.READY, State.DEGRADED]))


@blueprint.operation(
    "GET",
    "/livez",
    Contract("getLiveness", gives=LivenessSchema, example={"status": "alive"}, is_public=True),
)
def livez() -> Response:
    """Is the process alive"""
    return json_answer({"status": "alive"}, cache_control=NO_STORE)


@blueprint.operation(
    "GET",
    "/readyz",
    Contract(
        "getReadiness", gives=ReadinessSchema, example={"status": "ready"}, is_public=True, problems=(503,)
    ),
)
def readyz() -> Response:
    """Can this instance serve"""
    health = services().health.report()
    details = {"checks": _checks(health)} if current_app.config["INTERNAL"] else {}
    if health.status is State.UNREADY:
        kind = PROBLEM_TYPES["not-ready"]
        return problem(kind, kind.meaning, more=details)
    return json_answer({"status": health.status, **details}, cache_control=NO_STORE)


def _checks(health: Health) -> list[dict[str, object]]:
    return [
        {"name": check.name, "state": check.state, "latency_ms": check.latency_ms} for check in health.checks
    ]
