"""Liveness and readiness."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status

from app import database
from app.settings import Settings, get_settings

router = APIRouter(tags=["health"])


@router.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/health/ready")
def ready(
    response: Response, settings: Annotated[Settings, Depends(get_settings)]
) -> dict[str, str]:
    if settings.database_url is None:
        return {"status": "ok", "database": "not configured"}
    if database.answers(settings.database_url.get_secret_value()):
        return {"status": "ok", "database": "ok"}
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return {"status": "unavailable", "database": "unreachable"}
