// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICounter} from "../../../interfaces/ICounter.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {BareClaim, LoopErc20, RootDistributor} from "./Baselines.sol";
import {Admissions} from "../support/Admissions.sol";
import {GasCity} from "./GasCity.sol";

/// @title Gas of claiming one leaf of 131,072 and spending it, against a distributor's claim alone that runs beside it
contract GasClaimTest is GasCity {
    uint256 private constant QUANTITY = 12_345; // metres: 332,080 mg, 2,804 milli-points
    uint256 private constant PRICE_MILLI = 2000;
    uint256 private constant LEVELS = 17; // 131,072 leaves
    uint256 private constant ROW = 100; // visits in one call: leaves of one batch that lie side by side
    // Morpho's Universal Rewards Distributor, claim of one of 131,072 leaves: new to the token, and holding it.
    uint256 private constant PEER_FIRST = 96_235;
    uint256 private constant PEER_LATER = 79_150;
    // Beyond the peer's: most of the quarter of a new word that keeps one citizen from using up another's order number.
    uint256 private constant BEYOND = 2400;
    uint256 private constant KEYS = 0xC1712E; // private keys of the citizens are this and the next ones
    uint256 private constant MERCHANT_KEY = 0x3E;

    address private _merchant;

    uint256 private _orders;
    uint256 private _citizens; // the first of those who come next

    function setUp() public {
        deployGasCity();
        _merchant = Admissions.admit(operators, OPERATOR, MERCHANT_KEY, address(0x3E));
    }

    /// forge-config: default.isolate = true
    function test_GasClaimOfADistributor() public {
        LoopErc20 token = new LoopErc20();
        RootDistributor distributor = new RootDistributor();
        token.mint(address(distributor), 1e18);
        token.mint(address(2), 1);
        for (uint160 account = 1; account <= 2; account++) {
            bytes32[] memory proof = siblings(LEVELS);
            bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, token, 1e6))));
            distributor.setRoot(rootOf(leaf, proof));
            distributor.claim(address(account), token, 1e6, proof);
            gasVm.snapshotValue("claim", account == 1 ? "distributorFirst" : "distributorLater", lastGas());
        }
    }

    /// forge-config: default.isolate = true
    function test_GasClaimAlone() public {
        (ICounter.Claim[] memory claims,,) = _visits(2);
        counter.claim(_one(claims[0]));
        counter.claim(_one(claims[1]));
        gasVm.snapshotValue("claim", "aloneFirst", lastGas());
        (claims,,) = _visits(2);
        counter.claim(_one(claims[0]));
        counter.claim(_one(claims[1]));
        gasVm.snapshotValue("claim", "aloneLater", lastGas());
    }

    /// forge-config: default.isolate = true
    function test_GasClaimsInARow() public {
        (ICounter.Claim[] memory others,,) = _visits(1);
        counter.claim(others); // the totals of all and of the operator's day stand
        _citizens = 1;
        (ICounter.Claim[] memory claims,,) = _visits(ROW);
        counter.claim(claims);
        _perVisit("rowAloneFirst");
        vm.assertTrue(issuer.isCredited(claims[ROW - 1].batch, ROW - 1), "the last claim of the row");
        (claims,,) = _visits(ROW);
        counter.claim(claims);
        _perVisit("rowAloneLater");
    }

    /// forge-config: default.isolate = true
    function test_GasClaimsOfABareBook() public {
        BareClaim bare = new BareClaim();
        for (uint256 time = 0; time < 3; time++) {
            _citizens = time == 0 ? ROW : 0; // others come first: the total of all stands
            (ICounter.Claim[] memory claims,,) = _visits(ROW);
            bare.setRoot(claims[0].batch, ledger.headerOf(claims[0].batch).accountsRoot);
            bare.claim(claims);
            if (time > 0) _perVisit(time == 1 ? "bareFirst" : "bareLater");
        }
        vm.assertEq(bare.totalSupply(), 3 * ROW * QUANTITY, "claimed");
    }

    /// forge-config: default.isolate = true
    function test_GasClaimAndRedeemOneByOne() public {
        _spendOneByOne("spendFirst");
        _spendOneByOne("spendLater");
    }

    /// forge-config: default.isolate = true
    function test_GasClaimAndRedeemInARowCostsAPeersClaimAndTheOrdersOwnMark() public {
        // Others were there before: the words and sums that stand are what most people find.
        (ICounter.Claim[] memory claims, IRedemptionDesk.Order[] memory orders, bytes[] memory signatures) = _visits(1);
        counter.serve(claims, orders, signatures);
        _citizens = 1;
        vm.assertLe(_serve("rowFirst"), PEER_FIRST + BEYOND, "claim and order of a citizen without a page of the year");
        vm.assertLe(_serve("rowLater"), PEER_LATER + BEYOND, "claim and order of a citizen with one");
    }

    /// @dev The second of two.
    function _spendOneByOne(string memory name) private {
        (ICounter.Claim[] memory claims, IRedemptionDesk.Order[] memory orders, bytes[] memory signatures) = _visits(2);
        counter.claimAndRedeem(_one(claims[0]), orders[0], signatures[0]);
        counter.claimAndRedeem(_one(claims[1]), orders[1], signatures[1]);
        gasVm.snapshotValue("claim", name, lastGas());
    }

    function _serve(string memory name) private returns (uint256 gas) {
        (ICounter.Claim[] memory claims, IRedemptionDesk.Order[] memory orders, bytes[] memory signatures) =
            _visits(ROW);
        counter.serve(claims, orders, signatures);
        gas = _perVisit(name);
        vm.assertTrue(issuer.isCredited(claims[ROW - 1].batch, ROW - 1), "the last claim of the row");
        vm.assertTrue(
            desk.isUsed(_merchant, orders[ROW - 1].citizen, orders[ROW - 1].orderNumber), "the last order of the row"
        );
    }

    function _perVisit(string memory name) private returns (uint256 gas) {
        gas = lastGas() / ROW;
        gasVm.snapshotValue("claim", name, gas);
    }

    function _one(ICounter.Claim memory claim) private pure returns (ICounter.Claim[] memory claims) {
        claims = new ICounter.Claim[](1);
        claims[0] = claim;
    }

    /// @dev A batch with the leaves of `count` citizens, always the same, and what each of them claims and spends.
    function _visits(uint256 count)
        private
        returns (ICounter.Claim[] memory claims, IRedemptionDesk.Order[] memory orders, bytes[] memory signatures)
    {
        uint256 levels;
        while (1 << levels < count) levels++;
        uint256[] memory entries = new uint256[](1 << levels);
        for (uint256 i = 0; i < count; i++) {
            entries[i] = uint256(uint160(vm.addr(KEYS + _citizens + i))) << LeafLib.ACCOUNT_SHIFT | QUANTITY;
        }
        bytes32[] memory upper = siblings(LEVELS - levels);
        BatchId batch = openBatch(entries, upper, today());
        claims = new ICounter.Claim[](count);
        orders = new IRedemptionDesk.Order[](count);
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; i++) {
            claims[i] = ICounter.Claim(batch, i, entries[i], leafProof(entries, i, upper));
            orders[i] = _order(vm.addr(KEYS + _citizens + i));
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEYS + _citizens + i, desk.orderDigest(orders[i]));
            signatures[i] = abi.encodePacked(r, s, v);
        }
    }

    function _order(address citizen) private returns (IRedemptionDesk.Order memory order) {
        order.citizen = citizen;
        order.merchant = _merchant;
        order.orderNumber = bytes32(++_orders);
        order.pointsMilli = PRICE_MILLI;
        order.expiry = block.timestamp + 1 days;
        order.terms = keccak256("one cup of tea");
    }
}
