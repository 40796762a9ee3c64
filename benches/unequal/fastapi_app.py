"""The FastAPI project without the equal work."""

from benches.unequal.flows import remove_equal_work
from tests.http.fastapi_project.app import app

__all__ = ["app"]

remove_equal_work()
