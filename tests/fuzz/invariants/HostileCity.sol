// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {TestYuan} from "../../../contracts/mocks/TestYuan.sol";
import {Token__MockForSettlement} from "../../../contracts/mocks/Token__MockForSettlement.sol";
import {CityLaws} from "./CityLaws.sol";
import {CityUnderTest} from "./CityUnderTest.sol";

/// @title The city with a token that keeps fees, refuses, lies and calls back, and with everybody trying everything
contract HostileCityUnderTest is CityUnderTest {
    constructor() CityUnderTest(false) {}

    function newToken() internal override returns (TestYuan) {
        return TestYuan(address(new Token__MockForSettlement()));
    }

    /// @dev What the token does from now on: a fee of up to a tenth, a receiver it refuses, a call in the middle of a transfer.
    function corruptToken(uint256 seed, uint256 target) external timed {
        Token__MockForSettlement odd = Token__MockForSettlement(address(token));
        odd.setFeeBps(seed % 3 == 0 ? seed % 1000 : 0);
        odd.setBlocked(payoutOf(_merchants[0]), seed % 5 == 0);
        odd.setAnswersFalse(seed % 7 == 0);
        if (seed % 2 == 0) odd.setHook(address(0), "");
        else odd.setHook(target % 3 == 0 ? address(desk) : address(vault), _meddling(target));
        done["corruptToken"]++;
    }

    /// @dev Calls that a token could make while it is asked to pay: settle again, refund, release, collect.
    function _meddling(uint256 seed) private view returns (bytes memory) {
        uint256 last = desk.lastFinalDay();
        if (seed % 3 == 0) return abi.encodeCall(desk.collect, (_merchants[0], last - 10, last));
        if (seed % 5 == 0) return abi.encodeCall(vault.releaseYear, (book.currentYear() - 11));
        if (seed % 5 == 1) return abi.encodeCall(vault.withdraw, (1, address(token)));
        if (seed % 5 == 2) return abi.encodeCall(vault.settleBatch, (_merchants, last - 20, last));
        return abi.encodeCall(vault.settle, (_merchants[seed % 2], last - 20, last));
    }
}

/// @title Whatever is called in whatever order, by whomever, the laws of the chain hold
/// @notice Besides the verbs, the fuzzer calls every function of every contract with arguments of its own, from senders of its own.
contract HostileCity is CityLaws {
    function setUp() external {
        city = new HostileCityUnderTest();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](12);
        targets[0] = address(city);
        targets[1] = address(city.book());
        targets[2] = address(city.issuer());
        targets[3] = address(city.ledger());
        targets[4] = address(city.desk());
        targets[5] = address(city.vault());
        targets[6] = address(city.methodologies());
        targets[7] = address(city.operators());
        targets[8] = address(city.committee());
        targets[9] = address(city.access());
        targets[10] = address(city.offers());
        targets[11] = address(city.counter());
    }

    /// @dev The city is the admin, and speaks only through its verbs; the contracts do not call one another on their own.
    function excludeSenders() external view returns (address[] memory excluded) {
        excluded = new address[](8);
        excluded[0] = address(city);
        excluded[1] = address(city.issuer());
        excluded[2] = address(city.desk());
        excluded[3] = address(city.vault());
        excluded[4] = address(0xA2);
        excluded[5] = address(city.access());
        excluded[6] = address(city.counter());
        excluded[7] = address(city.ledger());
    }

    function invariant_01_03_07_10_11_12_13_19_20_22_25_28_39_61_62_hold_against_everybody() external {
        _lawsOfTheChain();
    }
}
