// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title Carbon credits of one series: certified reductions that can be held, passed on and retired
/// @notice An ERC-20 with nine decimals: 1.0 is a tonne of CO2e, the base unit a milligram. A series is what one certified claim brought.
/// Its milligrams have numbers, 1 to what was issued: retirements take them from the bottom up in the order in which they happen,
/// cancellations from the top down. issued = supply + retired + cancelled, always.
///
/// All milligrams are made at issue, into `CreditMarket`; no more can come. The market, the retirements and the reversals move a holder's
/// credits only where the holder itself asked them to, so no flow needs an approval; `approve` is there for exchanges.
interface ICarbonCredit is IERC20Metadata {
    /// @notice Milligrams `firstMg` to `lastMg` of the series were cancelled: no reduction stands behind them.
    event Cancelled(uint256 firstMg, uint256 lastMg);

    /// @notice The series was frozen, or set free.
    event FrozenSet(bool frozen);

    /// @notice This caller has no part in this.
    error CarbonCredit_Denied(address caller);

    /// @notice The series is frozen: nothing of it moves.
    error CarbonCredit_Frozen();

    /// @notice The holder has fewer milligrams than it takes.
    error CarbonCredit_Short(address holder, uint256 has, uint256 needs);

    /// @notice The spender may take fewer of the owner's milligrams than it tried to.
    error CarbonCredit_ShortAllowance(address owner, address spender, uint256 allowed, uint256 needs);

    /// @notice Credits sent there would be lost, or be taken for the market's stock.
    error CarbonCredit_BadReceiver(address to);

    /// @notice The series is open already.
    error CarbonCredit_Opened(uint256 series);

    /// @notice Makes the series and all its milligrams. Called by the certifier, once.
    function open(uint256 series, address to, uint256 mg) external;

    /// @notice Takes credits that `from` offers for resale. Called by the market, for its caller.
    function pull(address from, uint256 mg) external;

    /// @notice Retires milligrams of `from`, for ever. Called by the retirements, for the holder or the market.
    /// Reverts if: frozen; `from` has less.
    /// @return firstMg The number of the first milligram retired.
    function retire(address from, uint256 mg) external returns (uint256 firstMg);

    /// @notice Cancels milligrams of `from`, frozen or not. Called by the reversals.
    /// Reverts if: `from` has less.
    /// @return lastMg The number of the last milligram cancelled; the first is `mg` - 1 below it.
    function cancel(address from, uint256 mg) external returns (uint256 lastMg);

    /// @notice Freezes the series or sets it free. Called by the reversals.
    function setFrozen(bool frozen) external;

    /// @notice Number of the series: that of its claim.
    function series() external view returns (uint256);

    /// @notice Milligrams retired.
    function retiredMg() external view returns (uint256);

    /// @notice Milligrams cancelled.
    function cancelledMg() external view returns (uint256);

    /// @notice Whether the series is frozen.
    function isFrozen() external view returns (bool);
}
