"""The events that the ledger of reports is made of, and who tells them."""

from __future__ import annotations

from oracle.edge.chain.contracts.base import Contract
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.edge.chain.contracts.settlement_vault import SettlementVault

CONTRACT_OF: dict[str, type[Contract]] = {
    "OperatorLicensed": OperatorRegistry,
    "MerchantAdmitted": OperatorRegistry,
    "BatchAttested": EvidenceLedger,
    "ChunkCredited": PointIssuer,
    "EntryCapped": PointIssuer,
    "RestKept": PointIssuer,
    "RestsCredited": PointIssuer,
    "ReductionRevoked": PointIssuer,
    "Transfer": CarbonPoint,
    "ReductionCapped": CarbonPoint,
    "CreditFollowed": CarbonPoint,
    "ReductionLowered": CarbonPoint,
    "RefundExpired": CarbonPoint,
    "YearExpired": CarbonPoint,
    "AccountMoved": CarbonPoint,
    "OrderRedeemed": RedemptionDesk,
    "OrderRefunded": RedemptionDesk,
    "OrderDisputed": RedemptionDesk,
    "DisputeEnded": RedemptionDesk,
    "PointsCollected": RedemptionDesk,
    "PriceSet": SettlementVault,
    "ReserveDeposited": SettlementVault,
    "ReserveWithdrawn": SettlementVault,
    "ReserveLocked": SettlementVault,
    "ReserveUnlocked": SettlementVault,
    "MerchantSettled": SettlementVault,
    "YearReleased": SettlementVault,
    "ReserveReleased": SettlementVault,
}
