"""The Django application ``ferrauth.django``, label ``ferrauth``."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class FerrauthConfig(AppConfig):
    """Registers the system checks, listens to saves of users, and refuses to start on settings that cannot be meant."""

    name = "ferrauth.django"
    label = "ferrauth"
    verbose_name = _("ferrauth")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, validate ``FERRAUTH``, and keep addresses in step with the user model.

        Raises:
            ImproperlyConfigured: ``FERRAUTH`` holds an unknown name or a value that makes no sense; or, with DEBUG
                off, the secret is one that ``startproject`` wrote. ``get_wsgi_application()`` runs no system check,
                so this is said here.
        """
        from ferrauth.django import conf, receivers
        from ferrauth.django.account_checks import check_stored_addresses, check_tasks
        from ferrauth.django.checks import check_hasher_threads, check_password_hashers
        from ferrauth.django.cost_checks import check_row_costs
        from ferrauth.django.deploy_checks import register_checks

        checks.register(check_password_hashers, checks.Tags.security)
        checks.register(check_hasher_threads, checks.Tags.security)
        checks.register(check_tasks, checks.Tags.security, deploy=True)
        checks.register(check_stored_addresses, checks.Tags.database)
        checks.register(check_row_costs, checks.Tags.database)
        register_checks()
        conf.start()
        receivers.connect()
