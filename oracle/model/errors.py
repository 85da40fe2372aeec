"""Errors for the person who must act. Each has a sentence and an exit code.

CarbonbookError              1
├── InputError               3   a file or value cannot be read as what it should be
├── ConfigError              4   a setting, a key or a manifest is missing or wrong
├── MethodologyError         5   no methodology applies, or a document is not valid
├── ChainError               6   the chain did not do what was asked
│   ├── ChainUnreachable         nothing answers at the RPC address
│   ├── WrongChain               another chain than the one this book belongs to
│   ├── ContractReverted         a contract refused, and said why
│   ├── NoReserve                a batch locks more reserve than its operator has free
│   ├── NotMined                 it was sent and stands in no block yet
│   └── OutOfGasMoney            the sending account cannot pay for gas
├── VerificationFailed       7   a proof, a signature or a hash does not hold
├── DifferencesFound         8   book and chain disagree
├── ChainHalted              9   the chain cannot be trusted now; nothing is sent until a person has looked
│   ├── RolledBack               it took back what was final
│   └── NodesDisagree            a second node tells another story
├── Busy                    10   another process works on this book
├── StoreError              11   the book's database or disk does not do what was asked
├── SettlementRefused       12   a settlement run is not in the state, or not in the hands, that this needs
└── ClaimRefused            13   a claim or a series is not in the state, or not in the hands, that this needs

Exit code 0 is success; 2 is a command that was typed wrongly.
"""

from __future__ import annotations


class CarbonbookError(Exception):
    """Root of everything this package raises on purpose."""

    exit_code = 1


class InputError(CarbonbookError):
    """A file or value cannot be read as what it should be."""

    exit_code = 3

    def __init__(self, problem: str, *, file: str | None = None, row: int | None = None, field: str | None = None):
        where = [part for part in (file, f"row {row}" if row is not None else None, field) if part]
        super().__init__(": ".join([", ".join(where), problem]) if where else problem)


class ConfigError(CarbonbookError):
    """A setting, a key or a manifest is missing or wrong."""

    exit_code = 4


class MethodologyError(CarbonbookError):
    """No methodology applies, or a methodology document is not valid."""

    exit_code = 5


class ChainError(CarbonbookError):
    """The chain did not do what was asked."""

    exit_code = 6


class ChainUnreachable(ChainError):
    """Nothing answers at the RPC address."""


class WrongChain(ChainError):
    """Another chain than the one this book belongs to."""


class ContractReverted(ChainError):
    """A contract refused, and said why."""

    def __init__(self, name: str, arguments: dict[str, object]):
        self.name = name
        self.arguments = arguments
        listed = ", ".join(f"{key}={value}" for key, value in arguments.items())
        super().__init__(f"{name}({listed})")


class NoReserve(ChainError):
    """A batch locks more reserve than its operator has free, or the year of its points has no price."""


class NotMined(ChainError):
    """It was sent and stands in no block yet."""


class OutOfGasMoney(ChainError):
    """The sending account cannot pay for gas."""


class VerificationFailed(CarbonbookError):
    """A proof, a signature or a hash does not hold."""

    exit_code = 7


class DifferencesFound(CarbonbookError):
    """Book and chain disagree."""

    exit_code = 8


class ChainHalted(CarbonbookError):
    """The chain cannot be trusted now; nothing is sent until a person has looked."""

    exit_code = 9


class RolledBack(ChainHalted):
    """It took back what was final."""


class NodesDisagree(ChainHalted):
    """A second node tells another story."""


class Busy(CarbonbookError):
    """Another process works on this book."""

    exit_code = 10


class StoreError(CarbonbookError):
    """The book's database or disk does not do what was asked."""

    exit_code = 11


class SettlementRefused(CarbonbookError):
    """A settlement run is not in the state, or not in the hands, that this needs."""

    exit_code = 12


class ClaimRefused(CarbonbookError):
    """A claim or a series is not in the state, or not in the hands, that this needs."""

    exit_code = 13
