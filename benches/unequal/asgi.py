"""The Ninja project without the equal work, for ASGI servers."""

from benches.unequal.flows import remove_equal_work
from tests.http.ninja_project.asgi import application

__all__ = ["application"]

remove_equal_work()
