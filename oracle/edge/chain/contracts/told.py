"""The events that the ledger of reports is made of, and who tells them."""

from __future__ import annotations

from oracle.edge.chain.contracts.base import Contract
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.credit_market import CreditMarket
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.inventory_registry import InventoryRegistry
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.contracts.proceeds_pot import ProceedsPot
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.edge.chain.contracts.settlement_vault import SettlementVault

FIRST_FLOW: dict[str, type[Contract]] = {
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

# Nothing of these is told before a claim is opened.
SECOND_FLOW: dict[str, type[Contract]] = {
    "ClaimOpened": ReductionCertifier,
    "BatchesAdded": ReductionCertifier,
    "ClaimSubmitted": ReductionCertifier,
    "Certified": ReductionCertifier,
    "SeriesIssued": ReductionCertifier,
    "Reversed": ReversalDesk,
    "Restored": ReversalDesk,
    "Listed": CreditMarket,
    "AskCancelled": CreditMarket,
    "Filled": CreditMarket,
    "Resold": CreditMarket,
    "Drawn": CreditMarket,
    "RoundOpened": ProceedsPot,
    "SharesPaid": ProceedsPot,
    "ScatteredSharesPaid": ProceedsPot,
    "Swept": ProceedsPot,
    "Retired": RetirementRegistry,
    "Used": InventoryRegistry,
}
CONTRACT_OF = FIRST_FLOW | SECOND_FLOW
