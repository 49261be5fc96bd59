"""Carry one identifier per request through every log line."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ACCEPTED = re.compile(r"[A-Za-z0-9_-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="-")


def new_request_id(offered: str | None = None) -> str:
    """Keep the identifier a caller offered if it is well formed."""
    if offered and _ACCEPTED.fullmatch(offered):
        return offered
    return uuid.uuid4().hex


def current_request_id() -> str:
    return _current.get()


@contextmanager
def use_request_id(request_id: str) -> Iterator[str]:
    token = _current.set(request_id)
    try:
        yield request_id
    finally:
        _current.reset(token)
