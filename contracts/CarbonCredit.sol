// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {ICarbonCredit} from "../interfaces/ICarbonCredit.sol";
import {IReductionCertifier} from "../interfaces/IReductionCertifier.sol";
import {TextLib} from "./libraries/TextLib.sol";
import {MethodologyId} from "./types/Ids.sol";

/// @title CarbonCredit
/// @dev Deployed once; each series is a clone of it (EIP-1167), which shares its code and its immutables and has a storage of its own.
contract CarbonCredit is ICarbonCredit {
    /// @dev One word, read and written whole.
    struct Series {
        uint64 supply;
        uint64 retired;
        uint64 cancelled;
        uint32 number;
        bool frozen;
    }

    uint8 public constant decimals = 9;

    IReductionCertifier public immutable certifier;
    address public immutable market;
    address public immutable retirements;
    address public immutable reversals;

    Series private _series;

    /// @inheritdoc IERC20
    mapping(address holder => uint256 mg) public balanceOf;

    /// @inheritdoc IERC20
    mapping(address owner => mapping(address spender => uint256 mg)) public allowance;

    constructor(IReductionCertifier certifier_, address market_, address retirements_, address reversals_) {
        certifier = certifier_;
        market = market_;
        retirements = retirements_;
        reversals = reversals_;
    }

    modifier only(address caller) {
        if (msg.sender != caller) revert CarbonCredit_Denied(msg.sender);
        _;
    }

    modifier whenLive() {
        if (_series.frozen) revert CarbonCredit_Frozen();
        _;
    }

    /// @inheritdoc ICarbonCredit
    function open(uint256 number, address to, uint256 mg) external only(address(certifier)) {
        if (_series.number != 0) revert CarbonCredit_Opened(_series.number);

        // Both fit: the certifier counts claims in 32 bits and bounds a series by `SeriesLib.MAX_MG`.
        _series = Series({supply: uint64(mg), retired: 0, cancelled: 0, number: uint32(number), frozen: false});
        balanceOf[to] = mg;

        emit Transfer(address(0), to, mg);
    }

    /// @inheritdoc IERC20
    function transfer(address to, uint256 mg) external returns (bool) {
        _transfer(msg.sender, to, mg);
        return true;
    }

    /// @inheritdoc IERC20
    function transferFrom(address from, address to, uint256 mg) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < mg) revert CarbonCredit_ShortAllowance(from, msg.sender, allowed, mg);

        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - mg;
        _transfer(from, to, mg);
        return true;
    }

    /// @inheritdoc IERC20
    function approve(address spender, uint256 mg) external returns (bool) {
        allowance[msg.sender][spender] = mg;

        emit Approval(msg.sender, spender, mg);
        return true;
    }

    /// @inheritdoc ICarbonCredit
    function pull(address from, uint256 mg) external only(market) whenLive {
        _take(from, mg);
        balanceOf[market] += mg;

        emit Transfer(from, market, mg);
    }

    /// @inheritdoc ICarbonCredit
    function retire(address from, uint256 mg) external only(retirements) returns (uint256 firstMg) {
        Series memory present = _series;
        if (present.frozen) revert CarbonCredit_Frozen();
        _take(from, mg);
        firstMg = uint256(present.retired) + 1;
        present.supply -= uint64(mg); // fits: no more than the holder had, which is part of the supply
        present.retired += uint64(mg);
        _series = present;

        emit Transfer(from, address(0), mg);
    }

    /// @inheritdoc ICarbonCredit
    function cancel(address from, uint256 mg) external only(reversals) returns (uint256 lastMg) {
        Series memory present = _series;
        _take(from, mg);
        lastMg = uint256(present.supply) + present.retired; // what was issued, less what was cancelled before
        present.supply -= uint64(mg);
        present.cancelled += uint64(mg);
        _series = present;

        emit Transfer(from, address(0), mg);
        emit Cancelled(lastMg + 1 - mg, lastMg);
    }

    /// @inheritdoc ICarbonCredit
    function setFrozen(bool frozen) external only(reversals) {
        _series.frozen = frozen;

        emit FrozenSet(frozen);
    }

    /// @inheritdoc IERC20Metadata
    function name() external view returns (string memory) {
        IReductionCertifier.Claim memory claim = certifier.claimOf(_series.number);
        return string.concat(
            "Carbon Credit ",
            TextLib.ofWord(MethodologyId.unwrap(claim.methodology)),
            " ",
            Strings.toString(claim.vintage),
            "-",
            Strings.toString(claim.sequence)
        );
    }

    /// @inheritdoc IERC20Metadata
    function symbol() external view returns (string memory) {
        return string.concat("CC", Strings.toString(_series.number));
    }

    /// @inheritdoc IERC20
    function totalSupply() external view returns (uint256) {
        return _series.supply;
    }

    /// @inheritdoc ICarbonCredit
    function series() external view returns (uint256) {
        return _series.number;
    }

    /// @inheritdoc ICarbonCredit
    function retiredMg() external view returns (uint256) {
        return _series.retired;
    }

    /// @inheritdoc ICarbonCredit
    function cancelledMg() external view returns (uint256) {
        return _series.cancelled;
    }

    /// @inheritdoc ICarbonCredit
    function isFrozen() external view returns (bool) {
        return _series.frozen;
    }

    /// @dev The market's own balance is its stock, its buffers and what it holds for resale: nobody adds to it by a transfer.
    function _transfer(address from, address to, uint256 mg) private whenLive {
        if (to == address(0) || to == address(this) || to == market) revert CarbonCredit_BadReceiver(to);
        _take(from, mg);
        balanceOf[to] += mg;

        emit Transfer(from, to, mg);
    }

    function _take(address from, uint256 mg) private {
        uint256 present = balanceOf[from];
        if (present < mg) revert CarbonCredit_Short(from, present, mg);
        balanceOf[from] = present - mg;
    }
}
