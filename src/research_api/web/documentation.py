"""`/openapi.json`."""

from __future__ import annotations

from flask import Response, current_app

from research_api.web.answers import json_answer
from research_api.web.blueprint import ApiBlueprint, Contract
from research_api.web.openapi import document
from research_api.web.request_context import settings

CACHED_SHORTLY = "public, max-age=300"

blueprint = ApiBlueprint("documentation", __name__, description="What this service can do.")


@blueprint.operation("GET", "/openapi.json", Contract("getOpenApi", gives={"type": "object"}, is_public=True))
def openapi() -> Response:
    """Get this document"""
    return json_answer(document(current_app, settings().public_url), cache_control=CACHED_SHORTLY)
