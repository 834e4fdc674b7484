"""What gunicorn serves."""

from __future__ import annotations

from app import logs
from app.settings import Settings
from app.web import create_app

settings = Settings.load()
logs.configure(settings.log_format)
application = create_app(settings)
