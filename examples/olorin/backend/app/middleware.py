"""Give every request an identifier and log how long it took."""

import logging
import time
from collections.abc import Awaitable, Callable

from fastapi import Request, Response

from olorin_shared import new_request_id, use_request_id

log = logging.getLogger("olorin.access")


async def correlate(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    with use_request_id(new_request_id(request.headers.get("x-request-id"))) as request_id:
        started = time.perf_counter()
        response = await call_next(request)
        elapsed = (time.perf_counter() - started) * 1000
        log.info(
            "%s %s %d in %.1f ms",
            request.method, request.url.path, response.status_code, elapsed,
        )  # fmt: skip
        response.headers["x-request-id"] = request_id
        return response
