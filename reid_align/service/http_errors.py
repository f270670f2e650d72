"""Errors of the library as HTTP answers with one sentence."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from reid_align.errors import (
    ImageReadError,
    InvalidInputError,
    OutputError,
    ReidAlignError,
    UnknownNameError,
)
from reid_align.service.request_batcher import QueueFullError

_LOG = logging.getLogger(__name__)
_CALLER = (ImageReadError, InvalidInputError, UnknownNameError)


def add_error_handlers(app: FastAPI) -> None:
    """Answer errors as ``{"detail": sentence}``: 422, 503, 507, or 500."""
    app.add_exception_handler(ReidAlignError, _library_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(Exception, _unexpected)


def error_status(error: ReidAlignError) -> int:
    """Return the HTTP status of an error of the library."""
    if isinstance(error, QueueFullError):
        return 503
    if isinstance(error, _CALLER):
        return 422
    return 507 if isinstance(error, OutputError) else 500


async def _library_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ReidAlignError)
    status = error_status(error)
    if status >= 500 and status != 503:
        _LOG.error("%s: %s", request.url.path, error)
    headers = {"retry-after": "1"} if status == 503 else None
    return JSONResponse({"detail": str(error)}, status, headers)


async def _invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = str(first["loc"][1]) if len(first["loc"]) > 1 else "body"
    reason = "Give image files" if "UploadFile" in first["msg"] else first["msg"]
    return JSONResponse({"detail": f"{place[:100]}: {reason}."}, 422)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _LOG.error("%s: unexpected %s", request.url.path, type(error).__name__, exc_info=error)
    return JSONResponse({"detail": "Unexpected error. The log of the service has the reason."}, 500)
