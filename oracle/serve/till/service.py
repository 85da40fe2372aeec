"""The HTTP interface for merchants.

`POST /orders` sends a voucher: 200 it is taken, now or before; 409 it cannot be taken, and why; 422 it is no good voucher; 503 the chain
does not answer. `GET /merchants/{account}/statement?period=2023-01` is the merchant's statement. What it answers anyone could read from the
chain: it knows no names and asks for no password, and listens on this machine only unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from oracle.ledger.redeem.desk import SignedOrder
from oracle.model.errors import CarbonbookError, ChainError, InputError, VerificationFailed, WrongChain
from oracle.model.units import points
from oracle.serve.till.relay import Relay

_LONGEST_VOUCHER = 1_000
_WAIT_SECONDS = 120
# The first that fits: a voucher for another chain is a bad voucher, not a chain that fails.
_STATUS: tuple[tuple[type[CarbonbookError], int], ...] = (
    (InputError, 422),
    (VerificationFailed, 422),
    (WrongChain, 422),
    (ChainError, 503),
)

Read = Callable[[str], SignedOrder]
State = Callable[[str, str], Mapping[str, object]]


class Voucher(BaseModel):
    """What a till sends."""

    model_config = ConfigDict(extra="forbid")

    voucher: str = Field(max_length=_LONGEST_VOUCHER, description="Text of the voucher: CB1:…")


def service(read: Read, relay: Relay, statement: State) -> FastAPI:
    """The application.

    Args:
        read: The signed order of a voucher's text; raises what is wrong with it.
        relay: Sends it.
        statement: A merchant's statement of a period.
    """
    app = FastAPI(title="Carbonbook counter", description=__doc__ or "")

    @app.exception_handler(CarbonbookError)
    def told(_request: Request, error: CarbonbookError) -> JSONResponse:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
        return JSONResponse({"detail": str(error)}, status)

    @app.post("/orders")
    def take(body: Voucher) -> JSONResponse:
        """Send a voucher once; the answer comes when the chain has taken or refused it."""
        try:
            outcome = relay.submit(read(body.voucher)).result(_WAIT_SECONDS)
        except TimeoutError as error:
            raise ChainError(
                f"Not decided within {_WAIT_SECONDS} s. Send the voucher again: it is taken once."
            ) from error
        answer = {
            "order": outcome.order.key,
            "taken": outcome.taken,
            "points": points(outcome.order.points_milli),
            "reason": outcome.reason,
            "transaction": outcome.transaction,
        }
        return JSONResponse(answer, 200 if outcome.taken else 409)

    @app.get("/merchants/{account}/statement")
    def stated(account: str, period: Annotated[str, Query(max_length=10)]) -> Mapping[str, object]:
        """The statement of a merchant: opening + in - out = closing."""
        return statement(account, period)

    return app
