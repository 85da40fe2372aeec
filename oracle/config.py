"""Settings: made once from the home folder's `config.toml` and the environment, frozen, checked as a whole.

Environment: CARBONBOOK_HOME (folder, default .carbonbook), CARBONBOOK_RPC, CARBONBOOK_DATABASE,
CARBONBOOK_PASSPHRASE_FILE.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from eth_utils.address import is_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from oracle.model.bank import Party, Profile
from oracle.model.errors import ConfigError
from oracle.model.machine import blamed
from oracle.model.mapping import Mapping as FileMapping
from oracle.model.units import DEFAULT_ZONE

DEFAULT_HOME = ".carbonbook"
MAPPINGS = "mappings"  # folder of the mappings that `carbonbook source add` writes


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _node(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a node's address must be http(s)://host:port")
    return value


def _account(value: str) -> str:
    if not is_address(value) or not value.startswith("0x"):
        raise ValueError("an account must be 0x and 40 hex digits, with a valid checksum if it has capital letters")
    return value


def _key_or_account(value: str) -> str:
    return _account(value) if value.startswith("0x") else value


Node = Annotated[str, AfterValidator(_node)]
Account = Annotated[str, AfterValidator(_account)]
# Name of a key in the keystore, or an account; what begins with 0x is never a name.
KeyOrAccount = Annotated[str, Field(min_length=1), AfterValidator(_key_or_account)]


class Source(_Frozen):
    """Where records come from.

    Attributes:
        operator: Key name, or address, of the operator that brings them.
        region: Where the acts happen unless the record says so.
        zone: Time zone whose civil days count.
        residents: Persons of a household whose record names none.
        service: For meters whose units do not tell: electricity, gas or water.
        daily_rows: Most rows it may bring in one of its civil days; None for no limit.
        signer: Address of the account that signs its requests; None if it signs with the secret `source-NAME` of the keystore.
        mapping: What the columns, signs and times of its files of meter readings mean; None where they tell it themselves. It may stand
            in `mappings/NAME.toml` beside `config.toml` as well.
    """

    operator: KeyOrAccount
    region: str = "CN-4403"
    zone: str = DEFAULT_ZONE
    residents: int = Field(default=1, ge=1, le=99)
    service: Literal["electricity", "gas", "water"] | None = None
    daily_rows: int | None = Field(default=None, gt=0)
    signer: Account | None = None
    mapping: FileMapping | None = None

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        # Asked by name: the library looks for a file, and says what it finds in five ways.
        if value not in available_timezones():
            raise ValueError(f"'{value}' is not an IANA time zone. Example: {DEFAULT_ZONE}")
        return value


class Bank(_Frozen):
    """Whose bank account pays merchants, beside the payout on chain.

    Attributes:
        name: As the bank knows the holder.
        account: IBAN, or the bank's own account number.
        code: The bank: a BIC, or the twelve digits of CNAPS; may be left out beside an IBAN.
        currency: ISO 4217.
        decimals: Of the currency.
        profile: What the bank imports: plain pain.001, pain.001 for SEPA, or the table of Chinese online banking.
    """

    name: str
    account: str
    code: str = ""
    currency: str = "CNY"
    decimals: int = Field(default=2, ge=0, le=4)
    profile: Profile = Profile.PAIN

    @property
    def party(self) -> Party:
        """The holder, checked to be one that a bank can take."""
        return Party(self.name, self.account, self.code).checked("config.toml")


class FlagLimits(_Frozen):
    """From which number on a pattern among orders is told. Too low tires who reads them, too high hides what they are for.

    Attributes:
        citizen_orders_an_hour: Orders of one citizen within an hour. A family that shops for a feast makes a handful.
        same_amount_accounts: Accounts that pay a merchant the same free amount within a minute. A till takes seconds for each.
        emptied_percent: From which part of its points on an order empties an account. Prices rarely meet a balance.
        emptied_accounts: Accounts emptied to one merchant on one day. Some spend their last points every day; ten at one shop do not.
        refund_orders: Orders of a merchant from which on its refunds are looked at: two of three is chance.
        refund_percent: Part of its points that a merchant gave back. Shops take back a tenth at most.
        final_after_days: Days after an order's day from which on a refund came late: the refund window.
        final_refunds: Such refunds of one merchant. Each is lawful; many wash what was paid.
    """

    citizen_orders_an_hour: int = 12
    same_amount_accounts: int = 6
    emptied_percent: int = 95
    emptied_accounts: int = 10
    refund_orders: int = 20
    refund_percent: int = 30
    final_after_days: int = 7
    final_refunds: int = 3


class ExternalSigner(_Frozen):
    """A key that is elsewhere, at a signer over HTTP.

    Attributes:
        url: The signer, without a path.
        address: The account.
        identifier: What the signer calls the key; None for the address.
    """

    url: str
    address: Account
    identifier: str | None = None

    @field_validator("url")
    @classmethod
    def _without_secrets(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("a signer's address must be http(s)://host:port, without user or password")
        return value


class SettlementRules(_Frozen):
    """How merchants' money is paid out.

    Attributes:
        officers: Key names or accounts that may propose and approve settlement runs; each run takes two of them.
        confirmations: Blocks on top of a payment's before it counts as confirmed.
        bank: Whose account pays in bank files, or None.
    """

    officers: tuple[KeyOrAccount, ...] = ()
    confirmations: int = Field(default=0, ge=0)
    bank: Bank | None = None


class CadTrust(_Frozen):
    """What CAD Trust asks of a registry and the chain does not know.

    Attributes:
        verification_body: Who validates and verifies, as CAD Trust's list writes it; None until it is known.
        link: Where the registry's projects can be read, http(s).
    """

    verification_body: str | None = None
    link: str | None = None


class Settings(_Frozen):
    """Everything that differs from one installation to the next.

    Attributes:
        home: Folder of this installation's book; relative paths below are relative to it.
        rpc: HTTP address of the chain's node.
        manifest: The deployment this book belongs to.
        keys: Folder of the keystore files.
        passphrase_file: File with their passphrase, or None.
        committee: Key names of the oracle members that this machine may sign for.
        relayer: Key name of the account that sends transactions.
        witnesses: HTTP addresses of other nodes; where they and `rpc` tell different things, nothing is sent.
        finality: Blocks on top of a block that make it final. A chain that takes back more stops everything.
        rpc_timeout_seconds: How long to wait for one answer of a node.
        wait_seconds: How long a command waits for its transactions to be mined.
        patience_seconds: After which a transaction that is not mined is looked for, sent again or replaced.
        lock_seconds: How long to wait for another process that sends.
        in_flight: Most transactions that are on their way at once.
        sources: Registered sources by name.
        signers: Keys that external signers hold, by key name.
        keep_inputs: Whether what came over HTTP or MQTT stays in `received/` once it is read, for nodes to take their copies from.
        member: Of a node: key name of the committee's member it signs for.
        proposers: Of a node: addresses that may propose a close to it.
        settlement: Who settles, and when a payment counts.
        flags: When patterns among orders are told.
        database: SQLAlchemy URL of the book's database, without a password; None for SQLite in the home folder.
        library: Folder of the methodology documents, or None for those that come with the package.
        cadtrust: What `export cadtrust` says of the registry.
    """

    home: Path
    rpc: Node = "http://127.0.0.1:8545"
    manifest: Path = Path("deployment.json")
    keys: Path = Path("keys")
    passphrase_file: Path | None = None
    committee: tuple[str, ...] = ()
    relayer: str = "relayer"
    witnesses: tuple[Node, ...] = ()
    finality: int = Field(default=12, ge=0)
    rpc_timeout_seconds: float = Field(default=30, gt=0)
    wait_seconds: float = Field(default=120, gt=0)
    patience_seconds: float = Field(default=20, gt=0)
    lock_seconds: float = Field(default=60, ge=0)
    in_flight: int = Field(default=128, gt=0)
    sources: dict[str, Source] = {}
    settlement: SettlementRules = SettlementRules()
    flags: FlagLimits = FlagLimits()
    database: str | None = None
    signers: dict[str, ExternalSigner] = {}
    keep_inputs: bool = False
    member: str | None = None
    proposers: tuple[Account, ...] = ()
    library: Path | None = None
    cadtrust: CadTrust = CadTrust()

    @classmethod
    def load(cls, home: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
        """Reads the settings of a home folder.

        Raises:
            ConfigError: There is no config, or values are missing or wrong; all of them are named at once.
        """
        folder = (home or Path(environment.get("CARBONBOOK_HOME", DEFAULT_HOME))).resolve()
        path = folder / "config.toml"
        if not path.exists():
            raise ConfigError(
                f"No installation at {folder}: {path} is missing. Run `carbonbook up` to create one with a local chain."
            )
        try:
            data = tomllib.loads(path.read_text("utf-8"))
            for name, source in data.get("sources", {}).items():
                beside = folder / MAPPINGS / f"{name}.toml"
                if beside.exists():
                    source["mapping"] = tomllib.loads(beside.read_text("utf-8"))["mapping"]
            if "home" in data:
                raise ConfigError(
                    f"{path}: `home` cannot be set: it is always the folder of this file. Remove the line."
                )
            overrides = {
                "rpc": environment.get("CARBONBOOK_RPC"),
                "database": environment.get("CARBONBOOK_DATABASE"),
                "passphrase_file": environment.get("CARBONBOOK_PASSPHRASE_FILE"),
            }
            return cls(home=folder, **data | {key: value for key, value in overrides.items() if value})
        except OSError as error:
            raise blamed(error, ConfigError(f"{path} cannot be read: {error.strerror}")) from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: {error}") from error
        except ValidationError as error:
            # Without the values: one of them may be a secret that somebody put into the wrong line.
            told = error.errors(include_input=False, include_context=False, include_url=False)
            problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in told)
            raise ConfigError(f"{path}: {problems}") from error

    def path(self, relative: Path | str) -> Path:
        """A path of the home folder."""
        return self.home / relative

    def source(self, name: str) -> Source:
        """A registered source.

        Raises:
            ConfigError: There is no such source.
        """
        if name not in self.sources:
            known = ", ".join(sorted(self.sources)) or "none"
            raise ConfigError(
                f"Source '{name}' is not registered. Registered sources: {known}. Add it to {self.path('config.toml')}."
            )
        return self.sources[name]
