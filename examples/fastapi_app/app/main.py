"""The application: ``uvicorn app.main:app``."""

from fastapi import FastAPI

from app.auth import auth
from app.auth.views import router
from ferrauth.fastapi import register_exception_handlers

app = FastAPI(title="A FastAPI application on ferrauth", lifespan=auth.lifespan)
app.include_router(auth.router, prefix="/auth")
app.include_router(router)
register_exception_handlers(app, auth)
