"""The ASGI application: ``uvicorn backend.config.asgi:application``."""

import os

from django.core.asgi import get_asgi_application

from backend.config.warm_up import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

application = get_asgi_application()
warm_up()
