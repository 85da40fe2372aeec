// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId, MethodologyId} from "../../../contracts/types/Ids.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {IOfferBook} from "../../../interfaces/IOfferBook.sol";
import {IOperatorRegistry} from "../../../interfaces/IOperatorRegistry.sol";
import {IOracleCommittee} from "../../../interfaces/IOracleCommittee.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {System} from "../System.sol";
import {Admissions} from "../support/Admissions.sol";
import {Trees} from "../support/Trees.sol";

/// @title A small city and its own account of what happened in it
/// @notice Who lives there, how they sign, and the ghost variables that the laws are held against. The verbs are in the files after it,
/// one for each step.
abstract contract CityModel is System {
    struct BatchRecord {
        BatchId id;
        IEvidenceLedger.Header header;
        uint256[] entries;
        uint256 highestPhase; // of IEvidenceLedger.Phase, as last seen
    }

    struct OrderRecord {
        IRedemptionDesk.Receipt receipt;
        uint256 pointsMilli;
        uint256 refundedMilli;
        uint256 day;
    }

    /// @dev `terms` as published, with the stock that was added.
    struct OfferRecord {
        address merchant;
        bytes32 number;
        IOfferBook.Terms terms;
    }

    MethodologyId internal constant WALK = MethodologyId.wrap("CI-09.CN-4403");
    uint256 internal constant CITIZENS = 12;
    uint256 internal constant EARNERS = 6; // the others get a book only from somebody who moves
    uint64 internal constant DAY_LIMIT_MG = 2_000_000_000;
    uint256 public constant HIGHEST_CAP_MG = 2 * ACCOUNT_DAY_CAP_MG;
    uint256 internal constant RESERVE = 5_000_000_000;

    bytes32 internal constant TEA = keccak256("tea");

    bool public immutable careful;
    mapping(bytes32 verb => uint256) public done;

    uint256 public clock;
    address[] internal _citizens;
    address[] internal _earners; // in the order of their addresses
    address[] internal _operators;
    address[] internal _merchants;
    uint256[] internal _memberKeys; // in the order of their addresses
    mapping(address => uint256) internal _keyOf;

    BatchRecord[] internal _batches;
    OrderRecord[] internal _orders;
    OfferRecord[] internal _offers;
    uint256[] internal _years;
    mapping(uint256 year => bool) internal _yearNoted;
    uint256 internal _pricedThrough;

    uint256 public mintedMilli;
    uint256 public burnedMilli;
    uint256 public expiredMilli;
    mapping(uint256 year => uint256) public mintedIn;
    mapping(address account => uint256) public creditedMg;
    mapping(address account => uint256) public takenBackMg;
    mapping(uint256 bookId => mapping(uint256 day => uint256)) public creditedOn;
    mapping(uint256 batch => mapping(uint256 index => uint256)) public timesCredited;
    mapping(address merchant => uint256) public heldMilli;
    mapping(address merchant => uint256) public paid;
    mapping(address merchant => mapping(bytes32 offer => mapping(address citizen => uint256))) public itemsOf;
    mapping(address operator => uint256) public freeReserve;
    mapping(address operator => mapping(uint256 day => uint256)) public issuedMg;
    mapping(uint256 batch => bool) public closed;
    mapping(MethodologyId => mapping(uint32 version => uint256)) public resumedAt;
    uint256 public issuerUnpausedAt;
    uint256 public releasedUnshared;
    mapping(uint256 year => bool) public takenOut;

    constructor(bool careful_) {
        careful = careful_;
    }

    modifier timed() {
        vm.warp(clock);
        _;
    }

    function _found() internal {
        deploySystem();
        _bear();
        activateBus();
        _activateWalk();
        _licenseAll();
        clock = block.timestamp;
        _pricedThrough = 2020;
        _priceThrough(2024);
    }

    function _bear() private {
        for (uint256 i = 0; i < CITIZENS; i++) {
            _citizens.push(_born(100 + i));
            if (i < EARNERS) _earners.push(_citizens[i]);
        }
        for (uint256 i = 0; i < EARNERS; i++) {
            for (uint256 j = 0; j + 1 < EARNERS; j++) {
                if (_earners[j] > _earners[j + 1]) (_earners[j], _earners[j + 1]) = (_earners[j + 1], _earners[j]);
            }
        }
        _operators.push(address(0x0A1));
        _operators.push(address(0x0A2));
        _merchants.push(_born(300));
        _merchants.push(_born(301));
        for (uint256 i = 0; i < 3; i++) {
            _memberKeys.push(200 + i);
            _born(200 + i);
        }
        for (uint256 i = 0; i < 3; i++) {
            for (uint256 j = 0; j + 1 < 3; j++) {
                if (vm.addr(_memberKeys[j]) > vm.addr(_memberKeys[j + 1])) {
                    (_memberKeys[j], _memberKeys[j + 1]) = (_memberKeys[j + 1], _memberKeys[j]);
                }
            }
        }
        committee.setCommittee(memberAddresses(), 2);
    }

    function _born(uint256 key) private returns (address who) {
        who = vm.addr(key);
        _keyOf[who] = key;
    }

    function _activateWalk() private {
        methodologies.propose(
            WALK,
            IMethodologyRegistry.Terms({
                unit: IMethodologyRegistry.Unit.Metre,
                earnsPoints: false,
                creditable: false,
                factorUg: 50_000,
                dayCapMg: 30_000_000,
                recordLimit: 50_000,
                fromDay: 17_532,
                toDay: type(uint32).max,
                documentHash: keccak256("walk"),
                uri: ""
            })
        );
        methodologies.startNotice(WALK, 1);
        vm.warp(block.timestamp + methodologies.NOTICE_PERIOD());
        vm.prank(address(0xA2));
        methodologies.activate(WALK, 1);
    }

    function _licenseAll() private {
        for (uint256 i = 0; i < _operators.length; i++) {
            operators.licenseOperator(_operators[i], DAY_LIMIT_MG, "licence");
            _fund(_operators[i], RESERVE);
        }
        for (uint256 i = 0; i < _merchants.length; i++) {
            Admissions.admit(operators, _operators[i], _keyOf[_merchants[i]], payoutOf(_merchants[i]));
        }
    }

    /// @dev The deposit counts what arrives: a token may keep a fee.
    function _fund(address operator, uint256 amount) internal {
        uint256 before = token.balanceOf(address(vault));
        token.mint(operator, amount);
        vm.prank(operator);
        token.approve(address(vault), amount);
        vm.prank(operator);
        vault.deposit(operator, amount);
        freeReserve[operator] += token.balanceOf(address(vault)) - before;
    }

    function _priceThrough(uint256 year) internal {
        while (_pricedThrough < year) {
            _pricedThrough++;
            vault.setPrice(_pricedThrough, PRICE + _pricedThrough % 7);
        }
    }

    function _passTo(uint256 time) internal {
        clock = time;
        vm.warp(time);
        _priceThrough(book.currentYear() + 1);
    }

    /// @dev The years with pages; the laws walk through them.
    function _noteYear(uint256 year) internal {
        if (_yearNoted[year]) return;
        _yearNoted[year] = true;
        _years.push(year);
    }

    function payoutOf(address merchant) public pure returns (address) {
        return address(uint160(merchant) + 0x1000);
    }

    function memberAddresses() public view returns (address[] memory members) {
        members = new address[](_memberKeys.length);
        for (uint256 i = 0; i < members.length; i++) {
            members[i] = vm.addr(_memberKeys[i]);
        }
    }

    function citizens() external view returns (address[] memory) {
        return _citizens;
    }

    function merchants() external view returns (address[] memory) {
        return _merchants;
    }

    function operatorList() external view returns (address[] memory) {
        return _operators;
    }

    function yearList() external view returns (uint256[] memory) {
        return _years;
    }

    function batchCount() external view returns (uint256) {
        return _batches.length;
    }

    function batchAt(uint256 number) external view returns (BatchRecord memory) {
        return _batches[number];
    }

    function offerCount() external view returns (uint256) {
        return _offers.length;
    }

    function offerAt(uint256 number) external view returns (OfferRecord memory) {
        return _offers[number];
    }

    function orderCount() external view returns (uint256) {
        return _orders.length;
    }

    function orderAt(uint256 number) external view returns (OrderRecord memory) {
        return _orders[number];
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _approvals(bytes32 digest, uint256 skipped)
        internal
        view
        returns (IOracleCommittee.Approval[] memory list)
    {
        list = new IOracleCommittee.Approval[](skipped < 3 ? 2 : 3);
        uint256 count;
        for (uint256 i = 0; i < 3; i++) {
            if (i == skipped) continue;
            list[count++] = IOracleCommittee.Approval(vm.addr(_memberKeys[i]), _sign(_memberKeys[i], digest));
        }
    }

    function _signedOrder(IRedemptionDesk.Order memory order) internal view returns (bytes memory) {
        return _sign(_keyOf[order.citizen], desk.orderDigest(order));
    }

    function _livePoints(address account) internal view returns (uint256) {
        return book.balanceOf(account) - book.heldOf(account);
    }

    function _today() internal view returns (uint256) {
        return UnitsLib.dayOf(clock);
    }

    function _between(uint256 seed, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + seed % (high - low + 1);
    }

    function _picked(address[] storage from, uint256 seed) internal view returns (address) {
        return from[seed % from.length];
    }

    function _mix(uint256 seed, uint256 salt) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }

    function _sum(uint256[] memory entries) internal pure returns (uint256 quantity, uint256 accounts) {
        for (uint256 i = 0; i < entries.length; i++) {
            quantity += Trees.quantityOf(entries[i]);
            if (entries[i] != 0) accounts++;
        }
    }

    function _merchantActive(address merchant) internal view returns (bool) {
        return operators.merchantOf(merchant).standing == IOperatorRegistry.Standing.Active;
    }

    function _operatorActive(address operator) internal view returns (bool) {
        return operators.operatorOf(operator).standing == IOperatorRegistry.Standing.Active;
    }
}
