"""The application: ``uvicorn app.main:app``."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from app.auth import auth
from app.auth.views import router
from ferrauth.fastapi import register_exception_handlers

app = FastAPI(title="A FastAPI application on ferrauth", lifespan=auth.lifespan)
app.include_router(auth.router, prefix="/auth")
app.include_router(router)
register_exception_handlers(app, auth)


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:  # noqa: ARG001
    """Say what is wrong with a request. FastAPI's own answer repeats the input, and a password with it."""
    found = [{name: one[name] for name in ("type", "loc", "msg")} for one in error.errors()]
    return JSONResponse({"detail": found}, 422)
