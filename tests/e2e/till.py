"""A town of a few citizens with points and three merchants: what tests of orders, settlement and statements start from."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.manifest import Manifest
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.installation import Installation
from tests.e2e.cli import CHAIN, Carbonbook, Inside, free_port

CLOCK = "2023-01-10T08:00:00+08:00"
MERCHANTS = ("merchant-1", "merchant-2", "merchant-3")
FIRST_RIDE = datetime(2023, 1, 5, 0, 0, tzinfo=UTC)
RIDE = timedelta(minutes=100)
RIDE_METRES = 50_000
RIDE_COLUMNS = [
    "provider_id",
    "trip_id",
    "vehicle_type",
    "rider",
    "mode",
    "start_time",
    "end_time",
    "trip_distance",
    "trip_duration",
]
PROVIDER = "fad73948-8e47-55e5-a720-cc099905f253"


def own_key(number: int) -> LocalAccount:
    """The key of a citizen who keeps it."""
    account: LocalAccount = Account.from_key(keccak(text=f"carbonbook test key of citizen {number}"))
    return account


class Till:
    """One installation whose citizens have ridden the bus and been credited.

    Args:
        folder: Where everything is.
        citizens: How many; even ones are in custody, odd ones keep their keys (`own_key`).
    """

    def __init__(self, folder: Path, citizens: int = 6):
        self.folder = folder
        self.home = folder / "home"
        self.carbonbook = Inside(self.home)
        self._citizens = citizens

    def open(self) -> None:
        """Starts the chain and credits everybody."""
        Carbonbook(self.home)("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)
        self.carbonbook("enrol", self._people())
        self.carbonbook("ingest", self._rides(), "--source", "bus-app")
        self.carbonbook("close")
        self.carbonbook("attest")
        self.carbonbook("clock", "--advance", "1")
        self.carbonbook("credit")

    def close(self) -> None:
        """Stops the chain."""
        Carbonbook(self.home)("down")

    @property
    def here(self) -> Installation:
        """The installation, for looking behind the commands."""
        return Installation.at(self.home)

    @property
    def chain(self) -> Chain:
        """The chain, for looking behind the commands."""
        return Chain(self.here.settings.rpc, Manifest.load(self.home / "deployment.json"))

    def sender(self, name: str) -> Outbox:
        """Sends as the holder of a key."""
        return self.here.sender(name)

    def send(self, name: str, contract: str, function: str, *args: object) -> Sent:
        """Sends a call that no command makes."""
        outbox, chain = self.here.sender(name), self.chain
        return outbox.send(
            Call(chain.address(contract), chain.call_data(contract, function, *args), f"{function} {args}")
        )

    def address(self, name: str) -> str:
        """Account of a key."""
        return self.here.keys.address(name)

    def accounts(self) -> dict[str, int]:
        """Points in thousandths by account that was credited, in the order of the addresses."""
        events = self.chain.events("CarbonPoint", "Transfer")
        credited = {event.values["to"] for event in events if int(event.values["from"], 16) == 0}
        return {account: self.balance(account) for account in sorted(credited, key=str.lower)}

    def balance(self, account: str) -> int:
        """Points of an account, in thousandths."""
        return int(self.chain.read("CarbonPoint", "balanceOf", account))

    def paid(self, merchant: str) -> int:
        """Settlement tokens that a merchant has."""
        return int(self.chain.read("SettlementToken", "balanceOf", self.address(merchant)))

    def in_custody(self) -> list[str]:
        """Accounts with points whose keys the operator derives."""
        own = {own_key(number).address for number in range(self._citizens)}
        return [account for account in self.accounts() if account not in own]

    def buy(self, rows: list[tuple[str, str, str, str]]) -> Any:
        """Redeems orders of citizens in custody: account, merchant, order number, points."""
        path = self.folder / f"orders-{rows[0][2]}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("account", "merchant", "order_number", "points"), *rows])
        return self.carbonbook("redeem", path)

    def buy_everywhere(self, day: str, points: str = "0.5") -> None:
        """One order of the richest citizen in custody at every merchant."""
        account = max(self.in_custody(), key=self.balance)
        done = self.buy([(account, merchant, f"{day}-{merchant}", points) for merchant in MERCHANTS])
        assert done["refused"] == [], done

    def _people(self) -> Path:
        path = self.folder / "citizens.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["citizen", "source", "subject", "consented", "residents", "account"])
            for number in range(self._citizens):
                account = own_key(number).address if number % 2 else ""
                writer.writerow([f"C{number}", "bus-app", f"B{number}", "yes", "", account])
        return path

    def _rides(self) -> Path:
        path = self.folder / "rides.csv"
        end = FIRST_RIDE + RIDE
        start_ms, end_ms = (int(when.timestamp()) * 1000 for when in (FIRST_RIDE, end))
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(RIDE_COLUMNS)
            for number in range(self._citizens):
                trip = f"9b06bfdc-1532-4262-ab86-{number:012d}"
                row = [PROVIDER, trip, "bus", f"B{number}", "bus", start_ms, end_ms, RIDE_METRES]
                writer.writerow([*row, int(RIDE.total_seconds())])
        return path
