"""The least that Flask can do: the baselines that ratios are taken against."""

from functools import cache
from threading import Lock

from flask import Flask, Response, request
from redis import Redis

from research_api.bootstrap import build_services
from research_api.config import load
from research_api.services.keys import KeysService
from research_api.web.access import presented_key

KEPT = "bench:kept"

# threads that met would each open a pool of connections
_making = Lock()

app = Flask(__name__)
# ops/gunicorn.py warms up what answers searches
app.config["INTERNAL"] = True


@app.get("/")
def hello() -> str:
    return "hello"


@app.get("/kept")
def kept() -> Response:
    with _making:
        redis = _redis()
    return Response(redis.get(KEPT), mimetype="application/json")


@app.get("/kept-for-keys")
def kept_for_keys() -> Response:
    with _making:
        keys = _keys()
    keys.authenticate(presented_key(request.headers), request.remote_addr or "")
    return kept()


@cache
def _redis() -> Redis:
    return Redis.from_url(load().redis_url)


@cache
def _keys() -> KeysService:
    return build_services(load()).keys
