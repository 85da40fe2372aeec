// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICarbonPoint} from "../interfaces/ICarbonPoint.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";
import {IRedemptionDesk} from "../interfaces/IRedemptionDesk.sol";
import {ISettlementVault} from "../interfaces/ISettlementVault.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";
import {BatchId} from "./types/Ids.sol";

/// @title SettlementVault
contract SettlementVault is ISettlementVault, AccessManaged, Pausable, ReentrancyGuard {
    using SafeERC20 for IERC20;

    /// @dev Points of a year in thousandths: those that reserve is locked for, and the part of it that stands for batches not yet closed.
    struct YearLock {
        uint128 lockedMilli;
        uint128 openMilli;
    }

    /// @inheritdoc ISettlementVault
    uint256 public constant RELEASE_DELAY_DAYS = 90;

    /// @inheritdoc ISettlementVault
    uint256 public constant PAYOUT_GAS = 400_000;

    /// @inheritdoc ISettlementVault
    uint256 public constant DAY_GAS = 8000;

    /// @inheritdoc ISettlementVault
    IERC20 public immutable token;

    ICarbonPoint public immutable book;
    IRedemptionDesk public immutable desk;
    IOperatorRegistry public immutable operators;
    address public immutable ledger;

    mapping(uint256 year => uint256 unitsPerMilli) private _price;
    mapping(address operator => uint256 amount) private _free;
    mapping(uint256 year => mapping(address operator => uint256 milli)) private _locked;
    mapping(uint256 year => YearLock) private _yearLocks;
    mapping(BatchId => uint256 milli) private _lockedFor;
    mapping(uint256 year => uint256 amount) private _released;

    constructor(
        address access,
        IERC20 token_,
        ICarbonPoint book_,
        IRedemptionDesk desk_,
        IOperatorRegistry operators_,
        address ledger_
    ) AccessManaged(access) {
        token = token_;
        book = book_;
        desk = desk_;
        operators = operators_;
        ledger = ledger_;
    }

    modifier onlyLedger() {
        if (msg.sender != ledger) revert SettlementVault_NotLedger(msg.sender);
        _;
    }

    /// @inheritdoc ISettlementVault
    function setPrice(uint256 year, uint256 unitsPerMilli) external restricted {
        if (unitsPerMilli == 0) revert SettlementVault_NoPrice(year);
        if (_price[year] != 0) revert SettlementVault_PriceFixed(year, _price[year]);

        _price[year] = unitsPerMilli;

        emit PriceSet(year, unitsPerMilli);
    }

    /// @inheritdoc ISettlementVault
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc ISettlementVault
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc ISettlementVault
    function deposit(address operator, uint256 amount) external whenNotPaused nonReentrant {
        operators.requireActiveOperator(operator);

        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 present = token.balanceOf(address(this));
        if (present <= before) revert SettlementVault_NothingReceived();
        uint256 received = present - before;
        _free[operator] += received;

        emit ReserveDeposited(operator, msg.sender, received);
    }

    /// @inheritdoc ISettlementVault
    function withdraw(uint256 amount, address to) external whenNotPaused nonReentrant {
        operators.requireActiveOperator(msg.sender);
        uint256 free = _free[msg.sender];
        if (amount > free) revert SettlementVault_ReserveShort(msg.sender, free, amount);

        _free[msg.sender] = free - amount;

        emit ReserveWithdrawn(msg.sender, to, amount);

        token.safeTransfer(to, amount);
    }

    /// @inheritdoc ISettlementVault
    function lock(BatchId batch, address operator, uint256 year, uint256 pointsMilli) external onlyLedger {
        uint256 price = _price[year];
        if (price == 0) revert SettlementVault_NoPrice(year);
        uint256 amount = pointsMilli * price;
        uint256 free = _free[operator];
        if (amount > free) revert SettlementVault_ReserveShort(operator, free, amount);

        _free[operator] = free - amount;
        _locked[year][operator] += pointsMilli;
        _lockedFor[batch] = pointsMilli;
        YearLock memory all = _yearLocks[year];
        // A batch brings less than 2^50: the sums fit.
        _yearLocks[year] = YearLock(all.lockedMilli + uint128(pointsMilli), all.openMilli + uint128(pointsMilli));

        emit ReserveLocked(batch, operator, year, pointsMilli, amount);
    }

    /// @inheritdoc ISettlementVault
    function unlock(BatchId batch, address operator, uint256 year, uint256 broughtMilli) external onlyLedger {
        uint256 milli = _lockedFor[batch];
        if (milli == 0) return;
        uint256 unused = milli - broughtMilli;
        uint256 amount = unused * _price[year];

        _free[operator] += amount;
        _locked[year][operator] -= unused;
        _lockedFor[batch] = 0;
        YearLock memory all = _yearLocks[year];
        _yearLocks[year] = YearLock(all.lockedMilli - uint128(unused), all.openMilli - uint128(milli));

        emit ReserveUnlocked(batch, operator, year, unused, amount);
    }

    /// @inheritdoc ISettlementVault
    function settle(address merchant, uint256 fromDay, uint256 throughDay)
        public
        whenNotPaused
        nonReentrant
        returns (uint256 pointsMilli, uint256 amount)
    {
        operators.requireActiveMerchant(merchant);

        return _pay(merchant, fromDay, throughDay);
    }

    /// @inheritdoc ISettlementVault
    function settleSuspended(address merchant, uint256 fromDay, uint256 throughDay)
        external
        restricted
        whenNotPaused
        nonReentrant
        returns (uint256 pointsMilli, uint256 amount)
    {
        if (operators.merchantOf(merchant).standing != IOperatorRegistry.Standing.Suspended) {
            revert SettlementVault_NotSuspended(merchant);
        }

        return _pay(merchant, fromDay, throughDay);
    }

    /// @inheritdoc ISettlementVault
    function settleBatch(address[] calldata merchants, uint256 fromDay, uint256 throughDay) external whenNotPaused {
        uint256 gas = PAYOUT_GAS + (throughDay < fromDay ? 0 : throughDay - fromDay + 1) * DAY_GAS;
        for (uint256 i = 0; i < merchants.length; i++) {
            // A call can pass on 63/64 of what there is; the rest is for the event.
            if (gasleft() < gas * 64 / 63 + 20_000) revert SettlementVault_GasShort(i, gas * 64 / 63 + 20_000);
            try this.settle{gas: gas}(merchants[i], fromDay, throughDay) {}
            catch (bytes memory reason) {
                emit PayoutFailed(merchants[i], fromDay, throughDay, reason);
            }
        }
    }

    /// @inheritdoc ISettlementVault
    function releaseYear(uint256 year) external whenNotPaused {
        uint256 day = UnitsLib.firstDayOf(year + UnitsLib.PAGE_YEARS) + RELEASE_DELAY_DAYS;
        if (UnitsLib.dayOf(block.timestamp) < day) revert SettlementVault_NotYet(year, day);
        uint256 openMilli = _yearLocks[year].openMilli;
        if (openMilli > 0) revert SettlementVault_BatchesOpen(year, openMilli);

        uint256 pointsMilli = book.takeOutYear(year);
        uint256 amount = pointsMilli * _price[year];
        _released[year] = amount;

        emit YearReleased(year, pointsMilli, amount);
    }

    /// @inheritdoc ISettlementVault
    function releaseTo(address operator, uint256 year) external whenNotPaused {
        uint256 milli = _locked[year][operator];
        uint256 released = _released[year];
        if (milli == 0 || released == 0) revert SettlementVault_NoShare(operator, year);

        // What is left times one's part of what is left: the last operator gets the rest, so that no unit stays behind.
        uint128 total = _yearLocks[year].lockedMilli;
        uint256 share = Math.mulDiv(released, milli, total);
        _released[year] = released - share;
        _yearLocks[year].lockedMilli = total - uint128(milli); // part of the total
        _locked[year][operator] = 0;
        _free[operator] += share;

        emit ReserveReleased(operator, year, share);
    }

    /// @inheritdoc ISettlementVault
    function priceOf(uint256 year) external view returns (uint256 unitsPerMilli) {
        return _price[year];
    }

    /// @inheritdoc ISettlementVault
    function freeOf(address operator) external view returns (uint256 amount) {
        return _free[operator];
    }

    /// @inheritdoc ISettlementVault
    function lockedOf(address operator, uint256 year) external view returns (uint256 pointsMilli) {
        return _locked[year][operator];
    }

    /// @inheritdoc ISettlementVault
    function lockedFor(BatchId batch) external view returns (uint256 pointsMilli) {
        return _lockedFor[batch];
    }

    /// @inheritdoc ISettlementVault
    function lastDayForAnyone() public view returns (uint256) {
        return desk.lastFinalDay() - 1;
    }

    /// @dev Netted refunds can leave a bucket with points and no value, or value and no points: both are settled.
    function _pay(address merchant, uint256 fromDay, uint256 throughDay)
        private
        returns (uint256 pointsMilli, uint256 amount)
    {
        if (msg.sender != merchant && throughDay > lastDayForAnyone()) {
            revert SettlementVault_TooNew(merchant, throughDay, lastDayForAnyone());
        }
        address payout = operators.merchantOf(merchant).payout;
        (pointsMilli, amount) = desk.collect(merchant, fromDay, throughDay);
        if (pointsMilli == 0 && amount == 0) revert SettlementVault_NothingDue(merchant, fromDay, throughDay);

        emit MerchantSettled(merchant, payout, fromDay, throughDay, pointsMilli, amount);

        token.safeTransfer(payout, amount);
    }
}
