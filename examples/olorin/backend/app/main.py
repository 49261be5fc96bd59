"""The application that uvicorn serves: `uvicorn app.main:app`."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.logs import configure_logging
from app.middleware import correlate
from app.routes import health, transcribe, translate
from app.settings import get_settings
from olorin_core import OlorinError


def service_version() -> str:
    try:
        return version("olorin-backend")
    except PackageNotFoundError:
        return "0+unpackaged"


async def answer_error(_: Request, error: OlorinError) -> JSONResponse:
    return JSONResponse(error.to_dict(), status_code=error.status)


def create_app() -> FastAPI:
    settings = get_settings()
    configure_logging(settings.log_level)
    application = FastAPI(
        title="Olorin",
        version=service_version(),
        docs_url=None if settings.environment == "production" else "/docs",
    )
    application.middleware("http")(correlate)
    application.add_exception_handler(OlorinError, answer_error)
    application.include_router(health.router)
    application.include_router(transcribe.router, prefix="/v1")
    application.include_router(translate.router, prefix="/v1")
    return application


app = create_app()
