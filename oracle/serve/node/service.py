"""A node over HTTP.

==========================================  ================================================================================
GET  /v1/member                             address, and the last close that is settled; anyone
GET  /v1/batches                            header of every batch the node found for itself; anyone
GET  /v1/batches/{batch}/approval           the node's signature over one of them; anyone
GET  /v1/batches/{batch}/bundle             its bundle as an archive (`oracle.serve.node.archive`); anyone: a bundle is public
PUT  /v1/closings/{number}                  a close is proposed; a proposer that the node's config names, signed
PUT  /v1/batches/{batch}/claim              the proposer's bundle of a disputed batch; signed. Answers where the two differ.
PUT  /v1/claims/{claim}                     a claim on credits is submitted; signed. Answers the node's signature over its frame.
PUT  /v1/claims/{claim}/reversals/{batch}   the same submission; the node's signature over what rests on a revoked batch
==========================================  ================================================================================

A close is sent as its document's length (8 bytes), the document, and the table of people. The table is never written to disk.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from fastapi import FastAPI
from fastapi import Path as PathParameter
from fastapi import Request as HttpRequest
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from oracle.model.errors import InputError
from oracle.model.ids import BatchId
from oracle.serve.http.body import TooLarge, spool
from oracle.serve.http.places import Places
from oracle.serve.http.problem import tell_problems
from oracle.serve.http.signed import ByAddress, NotAuthentic, Request, parse, require
from oracle.serve.node.archive import pack, unpack
from oracle.serve.node.member import Member

MOST_BYTES = 1 << 30
_LENGTH_BYTES = 8

Batch = Annotated[str, PathParameter(pattern="^0x[0-9a-f]{64}$", description="Key of a batch")]


def node_app(member: Member, proposers: tuple[str, ...], spool_folder: Path) -> FastAPI:
    """The HTTP service of a node.

    Args:
        proposers: Addresses that may propose.
        spool_folder: Where archives go while they are unpacked.
    """
    app = FastAPI(title="Carbonbook node", version="1", docs_url=None, redoc_url=None)
    tell_problems(app)
    # A close is held in memory while it comes: one of each proposer, and one that it repeats because it heard no answer.
    places = Places(2 * max(1, len(proposers)), 2)

    @app.get("/v1/member")
    def member_() -> dict[str, Any]:
        """Who this node is, and how far it has come."""
        return {"address": member.address, "settled": member.settled}

    @app.get("/v1/batches")
    def batches() -> dict[str, Any]:
        """Headers of the batches this node found for itself."""
        return {batch: header.to_json() for batch, header in member.batches().items()}

    @app.get("/v1/batches/{batch}/approval")
    def approval(batch: Batch) -> dict[str, Any]:
        """This node's signature over a batch."""
        return member.approve(BatchId(batch)).to_json()

    @app.get("/v1/batches/{batch}/bundle", response_class=FileResponse)
    def bundle(batch: Batch) -> FileResponse:
        """The bundle of a batch that this node found for itself."""
        spool_folder.mkdir(parents=True, exist_ok=True)
        archive = spool_folder / f"{batch[2:]}-{uuid4().hex}.out.tar"
        pack(member.bundle_folder(BatchId(batch)), archive)
        return FileResponse(archive, media_type="application/x-tar", background=BackgroundTask(archive.unlink))

    @app.put("/v1/closings/{number}")
    async def closing(number: int, request: HttpRequest) -> dict[str, Any]:
        """Recompute a close from this node's own inputs."""
        signed = _authentic(request, proposers)
        with places.place(signed.sender.lower(), signed.key):
            document, people = _parts(await _whole(request, signed.sha256))
            return asdict(await run_in_threadpool(member.consider, document, people))

    @app.put("/v1/batches/{batch}/claim")
    async def claim(batch: Batch, request: HttpRequest) -> dict[str, Any]:
        """Compare a disputed batch with this node's own."""
        signed = _authentic(request, proposers)
        archive = spool_folder / f"{batch[2:]}.tar"
        with places.place(signed.sender.lower(), signed.key):
            await spool(request.stream(), archive, sha256=signed.sha256, most=MOST_BYTES)
            try:
                await run_in_threadpool(unpack, archive, member.claim_folder(BatchId(batch)), MOST_BYTES)
            finally:
                archive.unlink()
            return asdict(await run_in_threadpool(member.compare, BatchId(batch)))

    @app.put("/v1/claims/{claim}")
    async def frame(claim: int, request: HttpRequest) -> dict[str, Any]:
        """Recompute a claim from this node's own bundles, and sign its frame."""
        signed = _authentic(request, proposers)
        with places.place(signed.sender.lower(), signed.key):
            document = await _whole(request, signed.sha256)
            return (await run_in_threadpool(member.claims.frame, claim, document)).to_json()

    @app.put("/v1/claims/{claim}/reversals/{batch}")
    async def reversal(claim: int, batch: Batch, request: HttpRequest) -> dict[str, Any]:
        """Recompute how much of a series rests on a revoked batch, and sign it."""
        signed = _authentic(request, proposers)
        with places.place(signed.sender.lower(), signed.key):
            document = await _whole(request, signed.sha256)
            return (await run_in_threadpool(member.claims.reversal, claim, BatchId(batch), document)).to_json()

    return app


def closing_body(document: bytes, people: bytes) -> bytes:
    """A close as it is sent."""
    return len(document).to_bytes(_LENGTH_BYTES) + document + people


def _parts(body: bytes) -> tuple[bytes, bytes]:
    end = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES])
    if len(body) < end:
        raise InputError(f"the document should end at byte {end}, but the body has {len(body)} bytes")
    return body[_LENGTH_BYTES:end], body[end:]


def _authentic(http: HttpRequest, proposers: tuple[str, ...], clock: Callable[[], float] = time.time) -> Request:
    path = http.url.path + (f"?{http.url.query}" if http.url.query else "")
    request, signature = parse(http.method, path, http.headers, int(clock()))
    if request.sender.lower() not in {address.lower() for address in proposers}:
        raise NotAuthentic(
            f"{request.sender} is not a proposer of this node. Add it to `proposers` in its config.toml."
        )
    require(request, signature, ByAddress(request.sender))
    return request


async def _whole(http: HttpRequest, sha256: str) -> bytes:
    """A body that must not touch the disk, in memory."""
    import hashlib

    body = bytearray()
    pieces: AsyncIterator[bytes] = http.stream()
    async for piece in pieces:
        body += piece
        if len(body) > MOST_BYTES:
            raise TooLarge(f"the body has more than {MOST_BYTES} bytes")
    found = hashlib.sha256(body).hexdigest()
    if found != sha256:
        raise NotAuthentic(f"The body has SHA-256 {found}, but {sha256} was signed.")
    return bytes(body)
