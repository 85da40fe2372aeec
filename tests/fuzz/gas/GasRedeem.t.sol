// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IOfferBook} from "../../../interfaces/IOfferBook.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {System} from "../System.sol";
import {Admissions} from "../support/Admissions.sol";
import {BareTill} from "./Baselines.sol";
import {CitizenDayCount} from "./CitizenDayCount.sol";
import {GasVm} from "./GasVm.sol";
import {PermitPayment} from "./PermitPayment.sol";

/// @title Gas of an order in a batch, against an ERC-20's permit and transferFrom that run beside it
contract GasRedeemTest is System {
    GasVm private constant gasVm = GasVm(address(vm));

    uint256 private constant BATCH = 50;
    uint256 private constant POINTS = 12_345; // milli-points
    bytes32 private constant OFFER = "tea";
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    uint256 private constant MERCHANT_KEY = 0x3E;

    address private _merchant;
    uint256 private _number;

    function setUp() public {
        deploySystem();
        operators.licenseOperator(address(this), type(uint64).max, "licence");
        _merchant = Admissions.admit(operators, address(this), MERCHANT_KEY, address(0x3E));
        vault.setPrice(2023, PRICE);
        uint256[] memory entries = new uint256[](BATCH);
        for (uint256 i = 0; i < BATCH; i++) {
            entries[i] = uint256(uint160(_citizen(i))) << 96 | 90_000_000;
        }
        ICarbonPoint.CreditTerms memory terms = ICarbonPoint.CreditTerms({
            day: UnitsLib.dayOf(block.timestamp), accountCapMg: ACCOUNT_DAY_CAP_MG, earnsPoints: true
        });
        vm.prank(address(issuer));
        book.credit(terms, entries);
    }

    /// forge-config: default.isolate = true
    function test_GasOrderInABatchIsAtMostHalfOfAPermitAndTransferFrom() public {
        (uint256 once, uint256 twice) = _permitAndTransferFrom();
        _batch(0);
        uint256 first = _perOrder("firstOfTheDay");
        _batch(0);
        uint256 later = _perOrder("later");

        gasVm.snapshotValue("redeem", "laterPercentOfTwoTransactions", later * 100 / twice);
        gasVm.snapshotValue("redeem", "laterPercentOfOneTransaction", later * 100 / once);
        vm.assertLe(first * 2, twice, "the day's first batch: at most half of a permit and a transferFrom");
        vm.assertLe(later * 2, twice, "a later batch: at most half of a permit and a transferFrom");
        vm.assertLe(once, twice, "the baseline is the cheaper way to do it");
    }

    /// forge-config: default.isolate = true
    function test_GasOrderOfABareTill() public {
        BareTill till = new BareTill();
        for (uint256 i = 0; i < BATCH; i++) {
            till.give(_citizen(i), 3 * POINTS); // what is left is never nothing: an emptied slot would be refunded
        }
        till.give(_merchant, 1);
        _batchOfTill(till, "bareFirst");
        _batchOfTill(till, "bareLater");
        vm.assertEq(till.balanceOf(_merchant), 1 + 2 * BATCH * POINTS, "points taken");
    }

    /// forge-config: default.isolate = true
    function test_GasOrderOfAnOffer() public {
        uint40 now_ = uint40(block.timestamp);
        vm.prank(_merchant);
        offers.publish(OFFER, IOfferBook.Terms(uint56(POINTS), 1000, 2, now_, now_ + 1 days, "terms"));
        _batch(OFFER);
        _perOrder("offerFirst");
        _batch(OFFER);
        _perOrder("offerLater");
    }

    /// forge-config: default.isolate = true
    function test_GasOrderOnItsOwn() public {
        (IRedemptionDesk.Order memory order, bytes memory signature) = _order(0, 0);
        desk.redeem(order, signature);
        gasVm.snapshotValue("redeem", "aloneFirst", _lastGas());
        (order, signature) = _order(0, 0);
        desk.redeem(order, signature);
        gasVm.snapshotValue("redeem", "aloneLater", _lastGas());
    }

    /// forge-config: default.isolate = true
    function test_GasLimitPerCitizenAndDayWouldCostMoreThanAnOrdersOwnBookkeeping() public {
        CitizenDayCount counter = new CitizenDayCount();
        address[] memory citizens = new address[](BATCH);
        for (uint256 i = 0; i < BATCH; i++) {
            citizens[i] = _citizen(i);
        }
        counter.count(citizens, 1, POINTS, POINTS);
        uint256 first = _lastGas() / BATCH;
        counter.count(citizens, 2, POINTS, POINTS);
        uint256 later = _lastGas() / BATCH;
        gasVm.snapshotValue("redeem", "citizenDayLimitFirst", first);
        gasVm.snapshotValue("redeem", "citizenDayLimitLater", later);
        vm.assertGe(first, 22_100, "a citizen's first order ever: a new word");
        vm.assertGe(later, 5000, "each later day: a word rewritten");
    }

    function _permitAndTransferFrom() private returns (uint256 once, uint256 twice) {
        PermitPayment payment = new PermitPayment(token);
        address owner = _citizen(0);
        token.mint(owner, 1e9);
        token.mint(_merchant, 1);
        for (uint256 nonce = 0; nonce < 2; nonce++) {
            (uint8 v, bytes32 r, bytes32 s) = _permit(owner, address(payment), nonce);
            payment.pay(owner, _merchant, POINTS, type(uint32).max, v, r, s);
            once = _lastGas(); // of the second time: neither nonce nor balance is new
        }
        (uint8 v2, bytes32 r2, bytes32 s2) = _permit(owner, address(this), 2);
        token.permit(owner, address(this), POINTS, type(uint32).max, v2, r2, s2);
        twice = _lastGas();
        token.transferFrom(owner, _merchant, POINTS);
        twice += _lastGas();
        gasVm.snapshotValue("redeem", "permitAndTransferFromInOneTransaction", once);
        gasVm.snapshotValue("redeem", "permitAndTransferFromInTwo", twice);
    }

    function _permit(address owner, address spender, uint256 nonce) private view returns (uint8, bytes32, bytes32) {
        bytes32 structHash =
            keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, POINTS, nonce, uint256(type(uint32).max)));
        return vm.sign(_key(0), keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), structHash)));
    }

    function _batch(bytes32 offer) private {
        IRedemptionDesk.Order[] memory orders = new IRedemptionDesk.Order[](BATCH);
        bytes[] memory signatures = new bytes[](BATCH);
        for (uint256 i = 0; i < BATCH; i++) {
            (orders[i], signatures[i]) = _order(i, offer);
        }
        gasVm.recordLogs();
        desk.redeemBatch(orders, signatures);
        uint256 gas = _lastGas();
        uint256 taken;
        GasVm.Log[] memory logs = gasVm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == IRedemptionDesk.OrderRedeemed.selector) taken++;
        }
        vm.assertEq(taken, BATCH, "orders taken");
        _batchGas = gas;
    }

    function _batchOfTill(BareTill till, string memory name) private {
        IRedemptionDesk.Order[] memory orders = new IRedemptionDesk.Order[](BATCH);
        bytes[] memory signatures = new bytes[](BATCH);
        for (uint256 i = 0; i < BATCH; i++) {
            (orders[i],) = _order(i, 0);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(i), till.digest(orders[i]));
            signatures[i] = abi.encodePacked(r, s, v);
        }
        till.redeem(orders, signatures);
        _batchGas = _lastGas();
        _perOrder(name);
    }

    uint256 private _batchGas;

    function _perOrder(string memory name) private returns (uint256 gas) {
        gas = _batchGas / BATCH;
        gasVm.snapshotValue("redeem", name, gas);
    }

    /// @dev Running numbers, as a till gives them.
    function _order(uint256 citizen, bytes32 offer)
        private
        returns (IRedemptionDesk.Order memory order, bytes memory signature)
    {
        order = IRedemptionDesk.Order({
            citizen: _citizen(citizen),
            merchant: _merchant,
            orderNumber: bytes32(++_number),
            pointsMilli: POINTS,
            expiry: block.timestamp + 600,
            terms: offer == 0 ? keccak256("one cup of tea") : bytes32("terms"),
            offer: offer
        });
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(citizen), desk.orderDigest(order));
        signature = abi.encodePacked(r, s, v);
    }

    function _key(uint256 citizen) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("citizen", citizen)));
    }

    function _citizen(uint256 citizen) private pure returns (address) {
        return vm.addr(_key(citizen));
    }

    /// @dev Gas of the last transaction, all of it: in isolated tests each call of the suite is one.
    function _lastGas() private view returns (uint256) {
        return gasVm.lastCallGas().gasTotalUsed;
    }
}
