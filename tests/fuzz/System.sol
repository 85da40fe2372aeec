// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonPoint} from "../../contracts/CarbonPoint.sol";
import {CarbonbookAccess} from "../../contracts/CarbonbookAccess.sol";
import {Counter} from "../../contracts/Counter.sol";
import {EvidenceLedger} from "../../contracts/EvidenceLedger.sol";
import {MethodologyRegistry} from "../../contracts/MethodologyRegistry.sol";
import {OfferBook} from "../../contracts/OfferBook.sol";
import {OperatorRegistry} from "../../contracts/OperatorRegistry.sol";
import {OracleCommittee} from "../../contracts/OracleCommittee.sol";
import {PointIssuer} from "../../contracts/PointIssuer.sol";
import {RedemptionDesk} from "../../contracts/RedemptionDesk.sol";
import {SettlementVault} from "../../contracts/SettlementVault.sol";
import {MethodologyId} from "../../contracts/types/Ids.sol";
import {TestYuan} from "../../contracts/mocks/TestYuan.sol";
import {IMethodologyRegistry} from "../../interfaces/IMethodologyRegistry.sol";
import {Vm} from "./Vm.sol";

/// @title The whole system, deployed and wired for a suite
/// @notice The suite itself is the admin, without delays: delays are the business of the brownie tests.
abstract contract System {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant START = 1_672_531_200; // 2023-01-01T00:00:00Z
    bytes32 internal constant GENESIS = keccak256("genesis");
    uint64 internal constant FACTOR_UG = 26_900; // bus ride, Shenzhen: 26.9 g per passenger-kilometre
    uint256 internal constant PRICE = 50; // token base units per milli-point
    uint256 internal constant ACCOUNT_DAY_CAP_MG = 100_000_000; // 100 kg

    MethodologyId internal constant BUS = MethodologyId.wrap("CI-01.CN-4403");

    CarbonbookAccess public access;
    TestYuan public token;
    MethodologyRegistry public methodologies;
    OperatorRegistry public operators;
    OracleCommittee public committee;
    EvidenceLedger public ledger;
    CarbonPoint public book;
    PointIssuer public issuer;
    RedemptionDesk public desk;
    SettlementVault public vault;
    OfferBook public offers;
    Counter public counter;

    function deploySystem() internal {
        vm.warp(START);
        access = new CarbonbookAccess(address(this));
        token = newToken();
        methodologies = new MethodologyRegistry(address(access));
        operators = new OperatorRegistry(address(access), GENESIS);
        committee = new OracleCommittee(address(access));

        uint256 nonce = vm.getNonce(address(this));
        PointIssuer issuerAt = PointIssuer(vm.computeCreateAddress(address(this), nonce + 2));
        RedemptionDesk deskAt = RedemptionDesk(vm.computeCreateAddress(address(this), nonce + 3));
        SettlementVault vaultAt = SettlementVault(vm.computeCreateAddress(address(this), nonce + 4));
        OfferBook offersAt = OfferBook(vm.computeCreateAddress(address(this), nonce + 5));
        ledger = new EvidenceLedger(
            address(access), methodologies, operators, committee, issuerAt, vaultAt, 1 hours, GENESIS
        );
        book = new CarbonPoint(address(issuerAt), address(deskAt), address(vaultAt), GENESIS);
        issuer = new PointIssuer(address(access), ledger, methodologies, operators, book, ACCOUNT_DAY_CAP_MG);
        desk = new RedemptionDesk(address(access), operators, book, vaultAt, offersAt, GENESIS);
        vault = new SettlementVault(address(access), token, book, desk, operators, address(ledger));
        offers = new OfferBook(operators, address(desk), book);
        counter = new Counter(issuer, desk);
    }

    /// @dev A suite with an odd token gives it here.
    function newToken() internal virtual returns (TestYuan) {
        return new TestYuan();
    }

    /// @dev Makes BUS version 1 active from 2018 on; another person of the authority activates it.
    function activateBus() internal {
        methodologies.propose(
            BUS,
            IMethodologyRegistry.Terms({
                unit: IMethodologyRegistry.Unit.Metre,
                earnsPoints: true,
                creditable: true,
                factorUg: FACTOR_UG,
                dayCapMg: 50_000_000,
                recordLimit: 120_000,
                fromDay: 17_532,
                toDay: type(uint32).max,
                documentHash: keccak256("bus"),
                uri: ""
            })
        );
        methodologies.startNotice(BUS, 1);
        vm.warp(block.timestamp + methodologies.NOTICE_PERIOD());
        address second = address(0xA2);
        access.grantRole(access.ADMIN_ROLE(), second, 0);
        vm.prank(second);
        methodologies.activate(BUS, 1);
    }
}
