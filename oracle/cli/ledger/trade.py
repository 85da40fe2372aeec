"""What commands about credits share: how they are typed, and how they end, with the state and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from oracle.cli.console import show
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.model.errors import InputError
from oracle.model.units import money, to_base_exact

SeriesArgument = Annotated[int, typer.Argument(help="Number of the series.", min=1)]
SeriesOption = Annotated[int | None, typer.Option(help="Only of this series.", min=1, show_default="any")]
QuantityArgument = Annotated[str, typer.Argument(help="How much: 1.5t, 300kg, 20g, 7mg.")]
OrderOption = Annotated[
    str, typer.Option("--order", help="Your own number of it. A number does it once, however often it is given.")
]
MaxPriceOption = Annotated[str | None, typer.Option(help="Highest price, in whole tokens a tonne.", show_default="any")]
MinutesOption = Annotated[int, typer.Option(help="Deadline: how long the payment can be taken.", min=1, max=1_440)]


@dataclass(frozen=True)
class Money:
    """The settlement token as people write it.

    Attributes:
        symbol: Its symbol.
        decimals: Its decimals.
    """

    symbol: str
    decimals: int

    @classmethod
    def of(cls, chain: Chain) -> Money:
        """That of a chain."""
        token = SettlementToken(chain)
        return cls(token.symbol(), token.decimals())

    def text(self, units: int) -> str:
        """An amount, for people."""
        return f"{money(units, self.decimals)} {self.symbol}"

    def price(self, text: str, field: str) -> int:
        """Base units per tonne of a price as it was typed.

        Raises:
            InputError: It is no price above zero.
        """
        try:
            units = to_base_exact(text, 10**self.decimals)
        except InputError as error:
            raise InputError(str(error), field=field) from error
        if units < 1:
            raise InputError(f"'{text[:40]}' is no price above zero", field=field)
        return units


def end(json: bool, state: str, then: str | None = None, blocked_by: Sequence[str] = (), **facts: object) -> None:
    """Ends a command: its facts, where things stand, and what comes next or what stands in the way."""
    show({**facts, "state": state, "next": then, "blocked_by": list(blocked_by)}, json)


def moment(seconds: int) -> str:
    """A time, ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat()
