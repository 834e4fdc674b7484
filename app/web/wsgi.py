"""What gunicorn serves."""

from __future__ import annotations

from app import logs
from app.config.settings import Settings
from app.metrics import counters, multiprocess
from app.web import create_app

settings = Settings.load()
logs.configure(settings.log_format)
counters.keep(multiprocess.folder_of(settings.data_dir), "web")
application = create_app(settings)
