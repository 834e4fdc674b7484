"""What gunicorn serves."""

from __future__ import annotations

from app import logs, metricfiles, metrics
from app.settings import Settings
from app.web import create_app

settings = Settings.load()
logs.configure(settings.log_format)
metrics.keep(metricfiles.folder_of(settings.data_dir), "web")
application = create_app(settings)
