"""Errors as HTTP answers: a status, a message, and nothing that the sender must not see."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from oracle.model.errors import CarbonbookError, ChainError, ConfigError, InputError, StoreError, VerificationFailed
from oracle.serve.http.body import TooLarge
from oracle.serve.http.signed import NotAuthentic


class Refused(CarbonbookError):
    """A request is rejected with its own status.

    Attributes:
        status: HTTP status.
        retry_after: Seconds after which it may be repeated; None if repeating it is no use.
    """

    def __init__(self, status: int, sentence: str, retry_after: int | None = None):
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after


_STATUS: tuple[tuple[type[CarbonbookError], int, int | None], ...] = (
    (NotAuthentic, 401, None),
    (TooLarge, 413, None),
    (InputError, 422, None),
    (VerificationFailed, 422, None),
    (StoreError, 503, 5),
    (ChainError, 503, 5),
    (ConfigError, 404, None),
)


def tell_problems(app: FastAPI) -> None:
    """Makes an app answer what is raised on purpose with its sentence."""

    @app.exception_handler(CarbonbookError)
    async def _(_: Request, error: CarbonbookError) -> JSONResponse:
        status, retry_after = _answer(error)
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if isinstance(error, TooLarge):
            headers["Connection"] = "close"  # else the rest of the body would be received, and thrown away
        return JSONResponse({"error": type(error).__name__, "detail": str(error)}, status, headers)

    @app.exception_handler(ClientDisconnect)
    async def _(_: Request, __: ClientDisconnect) -> JSONResponse:
        return JSONResponse({"error": "Unfinished", "detail": "The body is incomplete."}, 400)  # nobody hears it


def _answer(error: CarbonbookError) -> tuple[int, int | None]:
    if isinstance(error, Refused):
        return error.status, error.retry_after
    for kind, status, retry_after in _STATUS:
        if isinstance(error, kind):
            return status, retry_after
    return 409, None
