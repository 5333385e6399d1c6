"""Which HTTP status stands for which refusal; each door has its own form for the body."""

from __future__ import annotations

import math
from collections.abc import Mapping

import errors

_STATUS = {  # the first that fits
    errors.ShuttingDown: 503,
    errors.QueueFull: 429,
    errors.NotLetIn: 401,
    errors.NoGpu: 429,
    errors.InvalidRequest: 400,
    errors.UnreadablePicture: 400,
    errors.UnknownJob: 404,
    errors.UnknownPicture: 404,
    errors.UnknownRun: 404,
    errors.GalleryUnavailable: 503,
    errors.ModelUnavailable: 503,
    errors.OutOfMemory: 503,
    errors.Interrupted: 503,
}


def status(error: errors.DarkroomError) -> int:
    """Of the answer that tells of `error`."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def headers(error: errors.DarkroomError) -> Mapping[str, str]:
    """When it is worth asking again, or what to ask with, where that is known."""
    if isinstance(error, errors.QueueFull):
        return {"Retry-After": str(max(1, math.ceil(error.retry_seconds)))}
    return {"WWW-Authenticate": 'Bearer realm="Darkroom"'} if isinstance(error, errors.NotLetIn) else {}
