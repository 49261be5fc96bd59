"""Plumbing that the Olorin services have in common."""

from olorin_shared.correlation import current_request_id, new_request_id, use_request_id
from olorin_shared.limits import TokenBucket

__all__ = ["TokenBucket", "current_request_id", "new_request_id", "use_request_id"]
