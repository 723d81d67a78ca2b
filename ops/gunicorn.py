"""Settings that both gunicorn processes share; addresses and the size of the internal one: see Procfile."""

from __future__ import annotations

import gc
import os
from typing import Any

# Two threads for a product of two small matrices take five times the CPU of one, and no less time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# gthread, with errors of its own as problem+json
worker_class = "research_api.web.server.ProblemThreadWorker"
# Two processes of eight threads on two cores: the design's share for web.
workers = int(os.environ.get("WEB_WORKERS") or 2)
threads = int(os.environ.get("WEB_THREADS") or 8)

# The heartbeat of a worker, not of a request: one that is stuck for so long is replaced.
timeout = 60
# A request may wait 30 seconds for a job (`?wait=30`); it may finish while the process is being replaced.
graceful_timeout = 35
# An idle connection costs no thread, a new one costs a round trip.
keepalive = 15

# The design refuses a longer request line and names POST.
limit_request_line = 8190
limit_request_fields = 100

# It would open a socket in the home folder.
control_socket_disable = True
# An access log would hold query strings, and with them what people search for.
accesslog = None
errorlog = "-"
# The heartbeat file on a disk that stalls would have healthy workers replaced.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - gunicorn makes a file of its own
# forwarded_allow_ips keeps its default: only a proxy on this host is believed.


GARBAGE_THRESHOLDS = (50_000, 20, 100)


def post_worker_init(worker: Any) -> None:
    """The process loads beforehand what its first search needs; it takes requests meanwhile."""
    # gunicorn reads this file before it forks, and the app belongs to each process alone
    from research_api.app import warm_up

    warm_up(worker.app.wsgi())
    # Records of many sources are thousands of objects without a cycle. Looking through them 700 at a time, and through
    # all modules every now and then, stops a search for up to 50 ms.
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
