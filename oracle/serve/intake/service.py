"""The intake over HTTP. OpenAPI at /openapi.json.

======================================  ====================================================================================
PUT /v1/sources/{source}/files/{name}   a file of records; signed by the source (`oracle.serve.http.signed`)
GET /v1/health                          whether it takes files; anyone
======================================  ====================================================================================

Headers that take longer than ten seconds, and bodies that take longer than sixty and a second for every 32 KiB, get 408 from the server.
200 the file is committed, or was before; 401 signature missing or invalid; 409 key or name used for another file; 413 too large; 422
cannot be
read, nothing was stored; 429 the source's daily limit is reached; 503 no room now. 429 and 503 say when to retry.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi import Request as HttpRequest
from starlette.concurrency import run_in_threadpool

from oracle.measure.records.reader import KINDS, METHODOLOGY
from oracle.serve.http.body import TooLarge, spool
from oracle.serve.http.problem import tell_problems
from oracle.serve.http.signed import DIGEST, FORMS, KEY, SENDER, SIGNATURE, TIME, NotAuthentic, Request, parse, require
from oracle.serve.intake.desk import Desk, Parcel

_HEADERS = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": f"^({FORMS[name].pattern})$"},
        "description": what,
    }
    for name, what in (
        (SENDER, "Name of the source."),
        (TIME, "UTC seconds; the request expires after five minutes."),
        (KEY, "Idempotency key: repeating the request changes nothing and returns the same answer."),
        (DIGEST, "SHA-256 of the body, hex."),
        (SIGNATURE, "hmac-sha256=HEX or eip191=HEX over the seven lines that oracle/serve/http/signed.py names."),
    )
]
_PROBLEM = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error", "detail"],
                "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
            }
        }
    }
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": what, **_PROBLEM}
    for status, what in (
        (401, "The signature is missing or invalid."),
        (404, "Unknown path."),
        (409, "The key or the name was already used for another file."),
        (413, "Too large."),
        (422, "The file is invalid; nothing was stored."),
        (429, "The source's daily limit is reached; Retry-After says when to retry."),
        (503, "The server is busy or its disk is full; Retry-After says when to retry."),
    )
}
_PLAIN = r"^[^\x00-\x1f\x7f]*$"  # what every database takes
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}


def intake_app(desk: Desk) -> FastAPI:
    """The HTTP service of the intake."""
    app = FastAPI(title="Carbonbook intake", version="1", docs_url=None, redoc_url=None)
    tell_problems(app)

    @app.get("/v1/health")
    async def health() -> dict[str, Any]:
        """Whether files are accepted. It answers at once, however many files are being received."""
        desk.require_disk()
        return {"status": "ok", "free_places": desk.free_places}

    @app.put(
        "/v1/sources/{source}/files/{name}",
        openapi_extra={"parameters": _HEADERS, **_BODY},
        responses=_PROBLEMS,
    )
    async def put_file(
        source: str,
        name: str,
        request: HttpRequest,
        kind: Annotated[str | None, Query(pattern=f"^({'|'.join(KINDS)}|{METHODOLOGY})$")] = None,
        meter: Annotated[str | None, Query(max_length=100, pattern=_PLAIN)] = None,
        unit: Annotated[str | None, Query(max_length=20, pattern=_PLAIN)] = None,
    ) -> dict[str, Any]:
        """Receive a file of records: valid rows become acts, invalid ones become findings."""
        signed = _authentic(desk, request, source)
        parcel = Parcel(source, signed.key, name, signed.sha256, kind, meter, unit)
        before = await run_in_threadpool(desk.answered, parcel)
        if before is not None:
            return asdict(before)
        most = desk.limits.body_bytes
        if int(request.headers.get("content-length", "0")) > most:
            raise TooLarge(f"the body has more than {most} bytes; split the file")
        with desk.place(parcel) as folder:
            path = folder / name
            await spool(request.stream(), path, sha256=signed.sha256, most=most)
            return asdict(await run_in_threadpool(desk.take, parcel, path))

    return app


def _authentic(desk: Desk, http: HttpRequest, source: str) -> Request:
    raw = http.scope["raw_path"].decode("latin-1")
    path = raw.partition("?")[0] + (f"?{http.url.query}" if http.url.query else "")
    request, signature = parse(http.method, path, http.headers, int(desk.clock()))
    if request.sender != source:
        raise NotAuthentic(f"{request.sender} may not send for source '{source}'.")
    require(request, signature, desk.verifier(source))
    return request
