// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICreditMarket} from "../../../interfaces/ICreditMarket.sol";
import {IOracleCommittee} from "../../../interfaces/IOracleCommittee.sol";
import {IProceedsPot} from "../../../interfaces/IProceedsPot.sol";
import {IReductionCertifier} from "../../../interfaces/IReductionCertifier.sol";
import {IRetirementRegistry} from "../../../interfaces/IRetirementRegistry.sol";
import {PlainRetirement} from "./CreditBaselines.sol";
import {GasCreditTown} from "./GasCreditTown.sol";

/// @title Gas of the second flow: issue, purchase, retirement with certificate, citizens' shares
/// @notice Peers' figures were measured on their own code with the same compiler: a retirement with certificate costs 140,904 at the cheapest
/// (511,638 at the dearest). A plain one of OpenZeppelin's contracts runs beside.
contract GasCreditsTest is GasCreditTown {
    uint256 private constant LEVELS = 17; // 131,072 citizens
    uint256 private constant BEST_PEER_RETIREMENT = 140_904;
    uint256 private constant MONEY = 1e15;
    uint48 private constant PRICE_PER_TONNE = 60_000_000_000;
    string private constant NOTE =
        "Retired for the electricity of our data centre in Example Road, first quarter, on behalf of clients";

    function setUp() public {
        deployCreditTown();
        retirements.addName("Example Data Centre Ltd");
        token.mint(BUYER, MONEY);
    }

    /// forge-config: default.isolate = true
    function test_GasIssue() public {
        uint256 first = noticed(1, keccak256("shares"), 1);
        vm.prank(ISSUER_PERSON);
        certifier.issue(first, 0);
        _note("issueFirst", 205_000);
        uint256 second = noticed(1, keccak256("shares"), 1);
        vm.prank(ISSUER_PERSON);
        certifier.issue(second, 0);
        _note("issueLater", 205_000);
    }

    /// forge-config: default.isolate = true
    function test_GasAddBatches() public {
        BatchId[] memory batches = new BatchId[](100);
        for (uint256 i = 0; i < 100; i++) {
            batches[i] = closed();
        }
        vm.prank(OPERATOR);
        certifier.open(BUS, 1, 2023, 1);
        vm.prank(OPERATOR);
        certifier.addBatches(1, batches);
        gasVm.snapshotValue("credits", "batchOf100", lastGas() / 100);
    }

    /// forge-config: default.isolate = true
    function test_GasPurchaseAndRetirement() public {
        uint256 series = issued(keccak256("shares"), 1);
        vm.prank(OPERATOR);
        uint256 ask = market.list(series, MG, PRICE_PER_TONNE, 30_000, address(0));
        _note("listFirst", 140_000);
        vm.prank(OPERATOR);
        market.list(series, MG, PRICE_PER_TONNE, 30_000, address(0));
        _note("listLater", 140_000);
        vm.warp(block.timestamp + 2 days);

        _buy(ask, 1_000_000);
        _buyNoted(ask, "buyFirst", 105_000);
        _buyNoted(ask, "buyLater", 87_000);
        _retire(series, 1, "");
        gasVm.snapshotValue("credits", "retireFirst", lastGas());
        vm.assertLe(lastGas(), 130_000, "a holder's first retirement");
        vm.assertLe(lastGas(), BEST_PEER_RETIREMENT, "the best peer's retirement");
        _retire(series, 1, "");
        _note("retireLater", 112_000);
        _retire(series, 1, NOTE);
        gasVm.snapshotValue("credits", "retireWithNote", lastGas());

        uint256 cost = market.costOf(ask, 1000);
        vm.prank(BUYER);
        token.approve(address(market), cost);
        vm.prank(BUYER);
        market.buyAndRetire(ICreditMarket.Fill(ask, 1000, PRICE_PER_TONNE), cost, noPermit(), terms(""));
        gasVm.snapshotValue("credits", "buyAndRetireLater", lastGas());
    }

    /// forge-config: default.isolate = true
    function test_GasPlainRetirement() public {
        PlainRetirement plain = new PlainRetirement();
        plain.mint(address(this), 1000);
        for (uint256 i = 0; i < 2; i++) {
            plain.retire(10, "Example Data Centre Ltd", 19_000, 19_364, 1);
            gasVm.snapshotValue("credits", i == 0 ? "plainRetireFirst" : "plainRetireLater", lastGas());
        }
    }

    /// forge-config: default.isolate = true
    function test_GasShareAlone() public {
        uint256[] memory entries = _shares("alone", 1);
        bytes32[] memory proof = siblings(LEVELS);
        uint256 series = _sold(rootOf(this.subtreeRoot(0, entries), proof), 1);
        pot.claim(series, 0, entries, proof);
        _note("shareAloneFirst", 120_000);
        _nextRound(series);
        pot.claim(series, 0, entries, proof);
        _note("shareAloneLater", 87_000);
        vm.assertGe(token.balanceOf(address(uint160(entries[0] >> 96))), 1, "paid");
    }

    /// forge-config: default.isolate = true
    function test_GasSharesPushed() public {
        uint256[] memory entries = _shares("pushed", 128);
        bytes32[] memory proof = siblings(LEVELS - 7);
        uint256 series = _sold(rootOf(this.subtreeRoot(0, entries), proof), 128);
        pot.claim(series, 0, entries, proof);
        gasVm.snapshotValue("credits", "sharePushedFirst", lastGas() / 128);
        vm.assertLe(lastGas() / 128, 33_000, "a citizen's first share, pushed");
        _nextRound(series);
        pot.claim(series, 0, entries, proof);
        gasVm.snapshotValue("credits", "sharePushedLater", lastGas() / 128);
        vm.assertLe(lastGas() / 128, 14_500, "a citizen's later share, pushed");
    }

    /// @dev A hundred leaves, each with a word of rounds of its own.
    /// forge-config: default.isolate = true
    function test_GasSharesScattered() public {
        uint256[] memory entries = new uint256[](2048);
        uint256[] memory filled = _shares("scattered", 128);
        for (uint256 i = 0; i < 128; i++) {
            entries[16 * i] = filled[i];
        }
        bytes32[] memory upper = siblings(LEVELS - 11);
        uint256 series = _sold(rootOf(this.subtreeRoot(0, entries), upper), 128);
        IProceedsPot.Share[] memory shares = new IProceedsPot.Share[](100);
        for (uint256 i = 0; i < 100; i++) {
            shares[i] = IProceedsPot.Share(16 * i, entries[16 * i], leafProof(entries, 16 * i, upper));
        }
        pot.claimMany(series, shares);
        gasVm.snapshotValue("credits", "shareInRowFirst", lastGas() / 100);
        vm.assertLe(lastGas() / 100, 68_000, "a citizen's first share, relayed with others");
        _nextRound(series);
        pot.claimMany(series, shares);
        gasVm.snapshotValue("credits", "shareInRowLater", lastGas() / 100);
        vm.assertLe(lastGas() / 100, 33_000, "a citizen's later share, relayed with others");
    }

    function _note(string memory name, uint256 most) private {
        gasVm.snapshotValue("credits", name, lastGas());
        vm.assertLe(lastGas(), most, name);
    }

    function _retire(uint256 series, uint256 mg, string memory note) private {
        vm.prank(BUYER);
        retirements.retire(series, mg, terms(note));
    }

    function _buyNoted(uint256 ask, string memory name, uint256 most) private {
        uint256 cost = market.costOf(ask, 1000);
        ICreditMarket.Fill[] memory fills = new ICreditMarket.Fill[](1);
        fills[0] = ICreditMarket.Fill(ask, 1000, PRICE_PER_TONNE);
        vm.prank(BUYER);
        token.approve(address(market), cost);
        vm.prank(BUYER);
        market.buy(fills, cost, noPermit());
        _note(name, most);
    }

    /// @dev Somebody else was here before: the stock has gross proceeds and the market money.
    function _buy(uint256 ask, uint256 mg) private {
        address other = address(0xB1);
        uint256 cost = market.costOf(ask, mg);
        ICreditMarket.Fill[] memory fills = new ICreditMarket.Fill[](1);
        fills[0] = ICreditMarket.Fill(ask, mg, PRICE_PER_TONNE);
        token.mint(other, cost);
        vm.prank(other);
        token.approve(address(market), cost);
        vm.prank(other);
        market.buy(fills, cost, noPermit());
    }

    /// @dev A series of `count` shares, sold in part, with its first round open.
    function _sold(bytes32 sharesRoot, uint32 count) private returns (uint256 series) {
        series = issued(sharesRoot, count);
        vm.prank(OPERATOR);
        uint256 ask = market.list(series, MG, PRICE_PER_TONNE, 30_000, address(0));
        vm.warp(block.timestamp + 2 days);
        _buy(ask, 10_000_000);
        pot.openRound(series);
        token.mint(address(pot), 1); // as if others had shares left: the pot's balance is never emptied
    }

    function _nextRound(uint256 series) private {
        _buy(0, 10_000_000);
        vm.warp(block.timestamp + 1 days);
        pot.openRound(series);
    }

    /// @dev Leaves that share `MG` evenly.
    function _shares(string memory crowd, uint256 count) private pure returns (uint256[] memory entries) {
        entries = entriesOf(crowd, count, MG / count);
        for (uint256 i = 0; i < count; i++) {
            entries[i] |= 1 << LeafLib.CONSENT_SHIFT;
        }
    }
}
