"""The WSGI application: ``gunicorn backend.config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

from backend.config.warm_up import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
os.environ.setdefault("DJANGO_INTERFACE", "wsgi")

application = get_wsgi_application()
warm_up()
