// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {MethodologyId} from "../../../contracts/types/Ids.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {IOperatorRegistry} from "../../../interfaces/IOperatorRegistry.sol";
import {CityModel} from "./CityModel.sol";
import {CityMoney} from "./CityMoney.sol";

/// @title Everything people do, at random
/// @notice One function per verb of the system and of each role, one file per step. A careful city leaves out what it expects to fail, so that
/// whatever reverts there is a finding; a careless one tries everything.
contract CityHandler is CityMoney {
    constructor(bool careful_) CityModel(careful_) {
        _found();
    }

    function passHours(uint256 hoursPassed) external {
        _passTo(clock + _between(hoursPassed, 1, 240) * 1 hours);
    }

    function passYears(uint256 seed) external {
        if (seed % 3 != 0 || clock > START + 30 * 365 days) return passSeconds(seed);
        _passTo(clock + _between(_mix(seed, 1), 1, 11) * 365 days);
    }

    function passSeconds(uint256 seed) public {
        _passTo(clock + _between(seed, 1, 7200));
    }

    /// @dev Suspends one in six of those who are active, so that most of the city works.
    function setStanding(uint256 seed, bool ofMerchant) external timed {
        address who = ofMerchant ? _picked(_merchants, _mix(seed, 1)) : _picked(_operators, _mix(seed, 1));
        bool active = ofMerchant ? _merchantActive(who) : _operatorActive(who);
        if (active && seed % 6 != 0) return;
        IOperatorRegistry.Standing standing =
            active ? IOperatorRegistry.Standing.Suspended : IOperatorRegistry.Standing.Active;
        if (ofMerchant) operators.setMerchantStanding(who, standing, "");
        else operators.setOperatorStanding(who, standing, "");
        done["setStanding"]++;
    }

    function suspendMerchant(uint256 seed) external timed {
        address merchant = _picked(_merchants, seed);
        if (careful && (!_merchantActive(merchant) || _mix(seed, 1) % 6 != 0)) return;
        vm.prank(operators.merchantOf(merchant).sponsor);
        operators.suspendMerchant(merchant, "");
        done["suspendMerchant"]++;
    }

    function setOperatorDayLimit(uint256 seed, uint64 limit) external timed {
        operators.setOperatorDayLimit(_picked(_operators, seed), DAY_LIMIT_MG / 2 + limit % DAY_LIMIT_MG);
        done["setOperatorDayLimit"]++;
    }

    function setAccountDayCap(uint256 cap) external timed {
        issuer.setAccountDayCap(_between(cap, careful ? 1 : 0, HIGHEST_CAP_MG));
        done["setAccountDayCap"]++;
    }

    function suspendMethodology(uint256 seed) external timed {
        MethodologyId id = seed % 2 == 0 ? BUS : WALK;
        (, IMethodologyRegistry.Status status,,) = methodologies.methodologyOf(id, 1);
        bool suspended = status == IMethodologyRegistry.Status.Suspended;
        if (suspended) {
            methodologies.resume(id, 1);
            resumedAt[id][1] = clock;
        } else if (seed % 3 == 0) {
            methodologies.suspend(id, 1, "");
        }
        done["suspendMethodology"]++;
    }

    function succeedMethodology(uint256 seed) external timed {
        MethodologyId id = seed % 2 == 0 ? BUS : WALK;
        uint32 last = methodologies.versionCount(id);
        (IMethodologyRegistry.Terms memory terms, IMethodologyRegistry.Status status,,) =
            methodologies.methodologyOf(id, last);
        if (status != IMethodologyRegistry.Status.Active || last >= 4) return;
        uint32 from = uint32(UnitsLib.latestDayOf(clock) + 12 + seed % 10);
        if (from <= terms.fromDay) return;
        (terms.fromDay, terms.toDay) = (from, type(uint32).max);
        terms.factorUg = terms.factorUg / 2 + uint64(_mix(seed, 1) % terms.factorUg);
        uint32 version = methodologies.propose(id, terms);
        methodologies.startNotice(id, version);
        _passTo(clock + methodologies.NOTICE_PERIOD());
        vm.prank(address(0xA2));
        methodologies.activate(id, version);
        done["succeedMethodology"]++;
    }

    function rotateCommittee(uint256 seed) external timed {
        if (seed % 4 != 0) return;
        committee.setCommittee(memberAddresses(), 2);
        done["rotateCommittee"]++;
    }

    function pause(uint256 seed) external timed {
        if (seed % 3 != 0) return;
        if (seed % 5 == 0 && !ledger.paused()) ledger.pause();
        if (seed % 5 == 1 && !issuer.paused()) issuer.pause();
        if (seed % 5 == 2 && !desk.paused()) desk.pause();
        if (seed % 5 == 3 && !vault.paused()) vault.pause();
        done["pause"]++;
    }

    function unpause() external timed {
        if (ledger.paused()) ledger.unpause();
        if (issuer.paused()) {
            issuer.unpause();
            issuerUnpausedAt = clock;
        }
        if (desk.paused()) desk.unpause();
        if (vault.paused()) vault.unpause();
        done["unpause"]++;
    }
}
