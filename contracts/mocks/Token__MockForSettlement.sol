// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A settlement token with the habits that tokens have in the wild, for tests
/// @notice It can keep a fee, refuse a receiver, answer false, take balances away, and call somebody in the middle of a transfer.
contract Token__MockForSettlement is ERC20 {
    error Token_Blocked(address receiver);

    uint256 public feeBps; // 100% == 10_000
    bool public answersFalse;
    mapping(address receiver => bool) public blocked;
    address public hook;
    bytes public hookData;
    bool public hookEntered;
    bytes public hookAnswer;

    constructor() ERC20("Odd Yuan", "oCNY") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFeeBps(uint256 feeBps_) external {
        feeBps = feeBps_;
    }

    function setAnswersFalse(bool answersFalse_) external {
        answersFalse = answersFalse_;
    }

    function setBlocked(address receiver, bool blocked_) external {
        blocked[receiver] = blocked_;
    }

    function setHook(address hook_, bytes calldata data) external {
        hook = hook_;
        hookData = data;
    }

    function seize(address from, uint256 amount) external {
        super._update(from, address(0), amount);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return answersFalse ? false : super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return answersFalse ? false : super.transferFrom(from, to, amount);
    }

    /// @dev The hook runs before balances change, where a careless vault is weakest.
    function _update(address from, address to, uint256 amount) internal override {
        if (blocked[to]) revert Token_Blocked(to);
        if (from != address(0) && hook != address(0)) (hookEntered, hookAnswer) = hook.call(hookData);

        uint256 fee = from == address(0) || to == address(0) ? 0 : amount * feeBps / 10_000;
        super._update(from, to, amount - fee);
        if (fee > 0) super._update(from, address(0), fee);
    }
}
