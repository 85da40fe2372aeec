"""A certificate as the chain would tell it."""

from __future__ import annotations

from dataclasses import replace

from oracle.ledger.retire.certificate import Certificate

HOSTILE = '<A&B "x">'
GENESIS = "0x" + "ab" * 32
REGISTRY = "0x" + "22" * 20

CERTIFICATE = Certificate(
    number=(1 << 64) + 1_000_000_001,
    series=1,
    holder="0x" + "b1" * 20,
    beneficiary="示例数据中心有限公司 Example Data Centre Ltd",
    purpose="voluntary",
    from_day=18_993,
    through_day=19_357,
    country="CN",
    at=1_705_305_600,
    mg=500_000_001,
    first_mg=1_000_000_001,
    backed_mg=500_000_001,
    serial="SZ01-CN4403-CI01-v1-0001-2023-1-1000000001-1500000001",
    methodology="CI-01.CN-4403",
    version=1,
    vintage=2023,
    operator="0x" + "0b" * 20,
    note="为没有航班的一年 for a year without flights",
    transaction="0x" + "cd" * 32,
    made_in=1_234,
    block=1_240,
)


def certificate(**changed: object) -> Certificate:
    """The same with something else."""
    return replace(CERTIFICATE, **changed)  # type: ignore[arg-type]
