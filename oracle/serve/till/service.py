"""The HTTP interface for merchants.

`POST /orders` sends a voucher: 200 the order is taken, now (`fresh`) or before; 409 it was rejected, with the reason; 422 the voucher is
invalid; 503
the chain does not answer. `GET /merchants/{account}/statement?period=2023-01` is the merchant's statement. What it answers anyone could
read from the chain: it knows no names and asks for no password, and listens on this machine only unless told otherwise.

A till that loses its connection sends the same voucher again; its order is taken once only. Goods are handed out once for
each order: a voucher that comes back `taken` and not `fresh` was paid before, by this till's lost request or by a customer who shows it
twice, and the till's own list of what it handed out says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from oracle.ledger.redeem.desk import Outcome, SignedOrder
from oracle.model.errors import CarbonbookError, ChainError, InputError, VerificationFailed, WrongChain
from oracle.model.units import points
from oracle.serve.http.body import Bounded
from oracle.serve.till.answers import LONGEST_VOUCHER, Answer, Problem, Statement, Voucher, responses
from oracle.serve.till.relay import Relay

_LONGEST_BODY = 16 * LONGEST_VOUCHER
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


def service(read: Read, relay: Relay, statement: State) -> FastAPI:
    """The application.

    Args:
        read: The signed order of a voucher's text; raises what is wrong with it.
        relay: Sends it.
        statement: A merchant's statement of a period.
    """
    app = FastAPI(title="Carbonbook counter", version="2", description=__doc__ or "")
    app.add_middleware(Bounded, most=_LONGEST_BODY)
    _tell_problems(app)

    @app.post(
        "/orders",
        response_model=Answer,
        responses={
            409: {"model": Answer, "description": "The order was rejected; `reason` says why"},
            **responses(413, 422, 500, 503),
        },
    )
    def take(body: Voucher) -> JSONResponse:
        """Send a voucher. The answer arrives when the chain has accepted or rejected the order."""
        try:
            outcome = relay.submit(read(body.voucher)).result(_WAIT_SECONDS)
        except TimeoutError as error:
            raise ChainError(
                f"Not decided within {_WAIT_SECONDS} s. Send the voucher again; its order is taken once only."
            ) from error
        return JSONResponse(_answer(outcome).model_dump(), 200 if outcome.taken else 409)

    @app.get("/merchants/{account}/statement", response_model=Statement, responses=responses(422, 500, 503))
    def stated(
        account: str, period: Annotated[str, Query(max_length=10, description="A day, 2023-W02 or 2023-01")]
    ) -> Mapping[str, object]:
        """The statement of a merchant: opening + in - out = closing."""
        return statement(account, period)

    return app


def _answer(outcome: Outcome) -> Answer:
    return Answer(
        order=outcome.order.key,
        taken=outcome.taken,
        fresh=outcome.fresh,
        points=points(outcome.order.points_milli),
        reason=outcome.reason,
        transaction=outcome.transaction,
    )


def _tell_problems(app: FastAPI) -> None:
    """Whatever comes, the answer is JSON with what is wrong, in ASCII: what was sent may hold what is no text."""

    @app.exception_handler(CarbonbookError)
    def told(_request: Request, error: CarbonbookError) -> JSONResponse:
        return _problem(next((status for kind, status in _STATUS if isinstance(error, kind)), 500), str(error))

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> JSONResponse:
        return _problem(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(Exception)
    def failed(_request: Request, _error: Exception) -> JSONResponse:
        return _problem(500, "The counter failed; its log tells how. Send the same again: it is taken once.")

    @app.exception_handler(RequestValidationError)
    def misread(_request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return _problem(422, wrong)


def _problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    plain = sentence.encode("ascii", "backslashreplace").decode()
    nothing_was_sent = status < 500
    return JSONResponse(Problem(detail=plain, fresh=False if nothing_was_sent else None).model_dump(), status, headers)
