// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ICounter} from "../../../interfaces/ICounter.sol";
import {IOfferBook} from "../../../interfaces/IOfferBook.sol";
import {IOperatorRegistry} from "../../../interfaces/IOperatorRegistry.sol";
import {IOrderRefusals} from "../../../interfaces/IOrderRefusals.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {OrderCity} from "./OrderCity.sol";

/// @title What tools ask contracts about themselves
contract SurfaceTest is OrderCity {
    function test_contracts_say_which_interfaces_they_have() public view {
        _answers(address(desk), type(IRedemptionDesk).interfaceId);
        _answers(address(desk), type(IERC5267).interfaceId);
        _answers(address(operators), type(IOperatorRegistry).interfaceId);
        _answers(address(operators), type(IERC5267).interfaceId);
        _answers(address(offers), type(IOfferBook).interfaceId);
        _answers(address(counter), type(ICounter).interfaceId);
    }

    function test_signing_contracts_name_their_domain() public view {
        _domain(desk, "Carbonbook RedemptionDesk");
        _domain(operators, "Carbonbook OperatorRegistry");
    }

    /// @dev A digest by the domain that the contract tells, and by the type that the manual gives.
    function test_what_the_manual_says__is_what_is_signed() public view {
        bytes32 admission = keccak256(
            abi.encode(
                keccak256("Admission(address operator,address merchant,address payout,uint256 deadline)"),
                OPERATOR,
                shop,
                A,
                uint256(7)
            )
        );
        vm.assertEq(operators.admissionDigest(OPERATOR, shop, A, 7), _digest(operators, admission), "admission");
        bytes32 cancel = keccak256(
            abi.encode(keccak256("Cancel(address citizen,address merchant,bytes32 orderNumber)"), A, shop, bytes32("n"))
        );
        vm.assertEq(desk.cancelDigest(A, shop, "n"), _digest(desk, cancel), "cancel");
        bytes32 dispute = keccak256(
            abi.encode(
                keccak256(
                    "Dispute(address citizen,address merchant,bytes32 orderNumber,bytes32 reason,uint256 expiry)"
                ),
                A,
                shop,
                bytes32("n"),
                bytes32("r"),
                uint256(7)
            )
        );
        vm.assertEq(desk.disputeDigest(A, shop, "n", "r", 7), _digest(desk, dispute), "dispute");
    }

    function test_what_the_desk_passes_on__is_what_the_others_say() public pure {
        _same(
            IOrderRefusals.OperatorRegistry_MerchantNotActive.selector,
            IOperatorRegistry.OperatorRegistry_MerchantNotActive.selector
        );
        _same(IOrderRefusals.OfferBook_Unknown.selector, IOfferBook.OfferBook_Unknown.selector);
        _same(IOrderRefusals.OfferBook_Ended.selector, IOfferBook.OfferBook_Ended.selector);
        _same(IOrderRefusals.OfferBook_NotOpen.selector, IOfferBook.OfferBook_NotOpen.selector);
        _same(IOrderRefusals.OfferBook_PriceDiffers.selector, IOfferBook.OfferBook_PriceDiffers.selector);
        _same(IOrderRefusals.OfferBook_TermsDiffer.selector, IOfferBook.OfferBook_TermsDiffer.selector);
        _same(IOrderRefusals.OfferBook_SoldOut.selector, IOfferBook.OfferBook_SoldOut.selector);
        _same(IOrderRefusals.OfferBook_CitizenLimit.selector, IOfferBook.OfferBook_CitizenLimit.selector);
        _same(IOrderRefusals.CarbonPoint_TooFewPoints.selector, ICarbonPoint.CarbonPoint_TooFewPoints.selector);
        _same(IOrderRefusals.CarbonPoint_YearTakenOut.selector, ICarbonPoint.CarbonPoint_YearTakenOut.selector);
    }

    function _same(bytes4 left, bytes4 right) private pure {
        vm.assertEq(bytes32(left), bytes32(right), "one error, word for word");
    }

    function _answers(address who, bytes4 id) private view {
        vm.assertTrue(IERC165(who).supportsInterface(id), "has it");
        vm.assertTrue(IERC165(who).supportsInterface(type(IERC165).interfaceId), "ERC-165 itself");
        vm.assertTrue(!IERC165(who).supportsInterface(0xffffffff), "the one that none has");
    }

    function _domain(IERC5267 who, string memory expected) private view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address at, bytes32 salt,) =
            who.eip712Domain();
        vm.assertEq(bytes32(fields), bytes32(bytes1(0x1f)), "name, version, chain, contract, salt");
        vm.assertEq(keccak256(bytes(name)), keccak256(bytes(expected)), "name");
        vm.assertEq(keccak256(bytes(version)), keccak256("1"), "version");
        vm.assertEq(chainId, block.chainid, "chain");
        vm.assertEq(at, address(who), "contract");
        vm.assertEq(salt, GENESIS, "salt");
    }

    function _digest(IERC5267 who, bytes32 structHash) private view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address at, bytes32 salt,) = who.eip712Domain();
        bytes32 separator = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
                ),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                at,
                salt
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", separator, structHash));
    }
}
