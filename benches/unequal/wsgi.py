"""The Ninja project without the equal work, for WSGI servers."""

from benches.unequal.flows import remove_equal_work
from tests.http.ninja_project.wsgi import application

__all__ = ["application"]

remove_equal_work()
