// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Wallet__MockForSigner} from "../../../contracts/mocks/Wallet__MockForSigner.sol";
import {IOperatorRegistry} from "../../../interfaces/IOperatorRegistry.sol";
import {Admissions} from "../support/Admissions.sol";
import {OrderCity} from "./OrderCity.sol";

/// @title An operator takes in no merchant that did not ask for it
contract AdmissionTest is OrderCity {
    uint256 private constant NEW_KEY = 0x5410;
    address private constant EVIL = address(0xE71);
    address private constant PAYOUT = address(0x9A9);

    address private _new;

    function setUp() public override {
        super.setUp();
        operators.licenseOperator(EVIL, 0, "licence");
        _new = vm.addr(NEW_KEY);
    }

    function test_a_rogue_operator__holds_no_shop() public {
        uint256 deadline = block.timestamp + 1 days;
        bytes memory wanted = _signed(OPERATOR, _new, PAYOUT, deadline);
        vm.expectRevert(_bad(_new));
        vm.prank(EVIL);
        operators.admitMerchant(_new, EVIL, deadline, "");
        vm.expectRevert(_bad(_new));
        vm.prank(EVIL);
        operators.admitMerchant(_new, PAYOUT, deadline, wanted);

        vm.prank(OPERATOR);
        operators.admitMerchant(_new, PAYOUT, deadline, wanted);
        IOperatorRegistry.Merchant memory entry = operators.merchantOf(_new);
        vm.assertEq(entry.sponsor, OPERATOR, "sponsor");
        vm.assertEq(entry.payout, PAYOUT, "payout");
    }

    function test_what_the_merchant_signed__is_what_is_registered() public {
        uint256 deadline = block.timestamp + 1 days;
        bytes memory wanted = _signed(OPERATOR, _new, PAYOUT, deadline);
        vm.expectRevert(_bad(_new));
        vm.prank(OPERATOR);
        operators.admitMerchant(_new, OPERATOR, deadline, wanted);
        vm.expectRevert(_bad(_new));
        vm.prank(OPERATOR);
        operators.admitMerchant(_new, PAYOUT, deadline + 1, wanted);
        vm.expectRevert(_bad(A));
        vm.prank(OPERATOR);
        operators.admitMerchant(A, PAYOUT, deadline, wanted);
        vm.expectRevert(_bad(address(0)));
        vm.prank(OPERATOR);
        operators.admitMerchant(address(0), PAYOUT, deadline, wanted);
    }

    function test_the_deadlines_last_second__is_the_last_one() public {
        uint256 deadline = block.timestamp + 1 days;
        bytes memory wanted = _signed(OPERATOR, _new, PAYOUT, deadline);
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IOperatorRegistry.OperatorRegistry_AdmissionExpired.selector, _new, deadline)
        );
        vm.prank(OPERATOR);
        operators.admitMerchant(_new, PAYOUT, deadline, wanted);
        vm.warp(deadline);
        vm.prank(OPERATOR);
        operators.admitMerchant(_new, PAYOUT, deadline, wanted);
        operators.requireActiveMerchant(_new);
    }

    function test_a_signature__is_used_once() public {
        uint256 deadline = block.timestamp + 1 days;
        bytes memory wanted = _signed(OPERATOR, _new, PAYOUT, deadline);
        vm.prank(OPERATOR);
        operators.admitMerchant(_new, PAYOUT, deadline, wanted);
        vm.prank(_new);
        operators.setMerchantPayout(address(0x777));
        operators.setMerchantStanding(_new, IOperatorRegistry.Standing.Suspended, "");
        vm.expectRevert(abi.encodeWithSelector(IOperatorRegistry.OperatorRegistry_Registered.selector, _new));
        vm.prank(OPERATOR);
        operators.admitMerchant(_new, PAYOUT, deadline, wanted);
    }

    function test_a_shop_that_is_a_contract__signs_with_its_owners_key() public {
        Wallet__MockForSigner wallet = new Wallet__MockForSigner(_new);
        uint256 deadline = block.timestamp;
        bytes memory wanted = _signed(OPERATOR, address(wallet), PAYOUT, deadline);
        bytes memory ofAnother =
            Admissions.sign(KEY_A, operators.admissionDigest(OPERATOR, address(wallet), PAYOUT, deadline));
        vm.expectRevert(_bad(address(wallet)));
        vm.prank(OPERATOR);
        operators.admitMerchant(address(wallet), PAYOUT, deadline, ofAnother);
        vm.prank(OPERATOR);
        operators.admitMerchant(address(wallet), PAYOUT, deadline, wanted);
        operators.requireActiveMerchant(address(wallet));
    }

    function _signed(address operator, address merchant, address payout, uint256 deadline)
        private
        view
        returns (bytes memory)
    {
        return Admissions.sign(NEW_KEY, operators.admissionDigest(operator, merchant, payout, deadline));
    }

    function _bad(address merchant) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOperatorRegistry.OperatorRegistry_BadSignature.selector, merchant);
    }
}
