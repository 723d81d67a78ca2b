"""What gunicorn serves: `app` on the public port, `internal_app` on the internal one."""

from __future__ import annotations

from research_api import config, telemetry
from research_api.app import create_app

settings = config.load()
telemetry.configure(settings)
app = create_app(settings=settings)
internal_app = create_app(settings=settings, internal=True)
