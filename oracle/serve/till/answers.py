"""What the counter is sent and answers, as its OpenAPI document shows it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

LONGEST_VOUCHER = 1_000


class Voucher(BaseModel):
    """What a till sends."""

    model_config = ConfigDict(extra="forbid")

    voucher: str = Field(
        max_length=LONGEST_VOUCHER, description="Text of the voucher: CB2:…", examples=["CB2:GEZDGNBVGY3TQOJQ"]
    )


class Answer(BaseModel):
    """What became of an order.

    A till hands goods out once for each of its order numbers: at `taken` and `fresh`; or, if its own connection was lost after it had sent
    the voucher, at `taken` alone, unless it has handed them out before.
    """

    order: str = Field(description="Key of the order on chain, 0x hex")
    taken: bool = Field(description="Whether the points are with the merchant, since now or before")
    fresh: bool = Field(description="Whether this very request brought them: false for what was taken before")
    points: str = Field(description="The price, in points with three decimals", examples=["12.500"])
    reason: str = Field(description="Why it was not taken, or that it was taken before; empty if it was taken now")
    transaction: str | None = Field(description="The transaction that took it or refused it; null if none was sent")


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str = Field(description="What is wrong, where, and what to do")
    fresh: bool | None = Field(
        description="False: this request took nothing. Null: not known; send the same again, it is taken once"
    )


class Statement(BaseModel):
    """A merchant's statement of a period: opening + in - out = closing, in points and in money."""

    merchant: str = Field(description="Its account")
    period: str = Field(description="As it was asked for", examples=["2023-01"])
    block: int = Field(description="Number of the last block that is counted")
    opening_due_milli: int = Field(description="Due when the period began, in thousandths of a point")
    taken_milli: int = Field(description="Orders")
    refunded_milli: int = Field(description="Given back, but for what was in dispute")
    disputed_milli: int = Field(description="Put in dispute")
    kept_milli: int = Field(description="Decided for the merchant")
    paid_milli: int = Field(description="Settled")
    closing_due_milli: int = Field(description="opening + taken - refunded - disputed + kept - paid")
    opening_disputed_milli: int = Field(description="In dispute when the period began")
    given_back_milli: int = Field(description="Given back out of disputes")
    closing_disputed_milli: int = Field(description="opening + disputed - kept - given back")
    opening_due_units: int = Field(description="The same, here and below, in units of the settlement token")
    taken_units: int = Field(description="Orders")
    refunded_units: int = Field(description="Given back, but for what was in dispute")
    disputed_units: int = Field(description="Put in dispute")
    kept_units: int = Field(description="Decided for the merchant")
    paid_units: int = Field(description="Settled")
    closing_due_units: int = Field(description="opening + taken - refunded - disputed + kept - paid")
    opening_disputed_units: int = Field(description="In dispute when the period began")
    given_back_units: int = Field(description="Given back out of disputes")
    closing_disputed_units: int = Field(description="opening + disputed - kept - given back")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The part of the document that names what else an operation answers."""
    return {status: {"model": Problem, "description": _MEANING[status]} for status in statuses}


_MEANING = {
    413: "The body is longer than a voucher can be",
    422: "Invalid input: a voucher that is misread, expired, altered or for another chain; an invalid account or period",
    500: "Internal error; the counter's log has the details",
    503: "The chain does not answer; send the same request again",
}
