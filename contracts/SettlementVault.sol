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

/// @title SettlementVault
contract SettlementVault is ISettlementVault, AccessManaged, Pausable, ReentrancyGuard {
    using SafeERC20 for IERC20;

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
    address public immutable issuer;

    mapping(uint256 year => uint256 unitsPerMilli) private _price;
    mapping(address operator => uint256 amount) private _free;
    mapping(uint256 year => mapping(address operator => uint256 milli)) private _locked;
    mapping(uint256 year => uint256 milli) private _lockedTotal;
    mapping(uint256 year => uint256 amount) private _released;

    constructor(
        address access,
        IERC20 token_,
        ICarbonPoint book_,
        IRedemptionDesk desk_,
        IOperatorRegistry operators_,
        address issuer_
    ) AccessManaged(access) {
        token = token_;
        book = book_;
        desk = desk_;
        operators = operators_;
        issuer = issuer_;
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
    function lock(address operator, uint256 year, uint256 pointsMilli) external {
        if (msg.sender != issuer) revert SettlementVault_NotIssuer(msg.sender);
        if (pointsMilli == 0) return; // a methodology that earns no points needs no price
        uint256 price = _price[year];
        if (price == 0) revert SettlementVault_NoPrice(year);
        uint256 amount = pointsMilli * price;
        uint256 free = _free[operator];
        if (amount > free) revert SettlementVault_ReserveShort(operator, free, amount);

        _free[operator] = free - amount;
        _locked[year][operator] += pointsMilli;
        _lockedTotal[year] += pointsMilli;

        emit ReserveLocked(operator, year, pointsMilli, amount);
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
        uint256 share = Math.mulDiv(released, milli, _lockedTotal[year]);
        _released[year] = released - share;
        _lockedTotal[year] -= milli;
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
