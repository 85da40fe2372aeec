// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IOfferBook} from "../../../interfaces/IOfferBook.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {IPointIssuer} from "../../../interfaces/IPointIssuer.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {Vm} from "../Vm.sol";
import {CityModel} from "./CityModel.sol";
import {CityUnderTest} from "./CityUnderTest.sol";

/// @title The laws of the city
/// @notice Each law is one of the numbered invariants of contracts/README.md. `_lawsOfTheChain` compare the contracts with one another and
/// hold whoever called what; `_lawsOfTheStory` compare them with what the handler saw happen.
abstract contract CityLaws {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    CityUnderTest internal city;

    function _lawsOfTheChain() internal {
        vm.warp(city.clock());
        _pagesSumToTheSupply();
        _dueOrdersAreWhatMerchantsHold();
        _disputesAreWhatWaits();
        _offersKeepTheirTerms();
        _reserveCoversEverything();
        _locksAreForBatches();
        _batchesKeepTheirBounds();
        _windowsNeverOverlap();
        _moversFormNoCircle();
        _nothingIsApproved();
    }

    function _lawsOfTheStory() internal {
        vm.warp(city.clock());
        _supplyIsWhatHappened();
        _reductionsAreWhatHappened();
        _heldIsWhatHappened();
        _moneyIsWhatHappened();
        _leavesAreCreditedOnce();
        _ordersKeepTheirBounds();
        _itemsAreWhereOrdersAre();
    }

    function _pagesSumToTheSupply() private view {
        address[] memory citizens = city.citizens();
        uint256[] memory known = city.yearList();
        uint256 inPages;
        uint256 present = city.book().currentYear();
        for (uint256 i = 0; i < known.length; i++) {
            uint256 inYear;
            for (uint256 c = 0; c < citizens.length; c++) {
                ICarbonPoint.PageView memory page = city.book().pageOf(citizens[c], known[i]);
                inYear += page.pointsMilli;
                (uint256 taken, uint256 moved) = city.book().closedDaysOf(citizens[c]);
                bool ofMove = page.day > 0 && (page.day == taken + 1 || page.day == moved + 1);
                vm.assertTrue(
                    page.day == 0 || UnitsLib.yearOf(page.day) == known[i] || ofMove,
                    "I07: a page's day is of its year, or the first that a move left open"
                );
                vm.assertLe(page.todayMg, city.HIGHEST_CAP_MG(), "I07: no field of a page spills into the next");
            }
            if (!city.takenOut(known[i])) {
                vm.assertEq(
                    city.book().outstandingOf(known[i]), inYear, "I03: a year's pages sum to what is outstanding"
                );
            } else {
                vm.assertEq(city.book().outstandingOf(known[i]), 0, "I10: a year taken out is out");
            }
            if (known[i] <= present && present < known[i] + 10) inPages += inYear;
        }
        uint256 balances;
        uint256 held;
        for (uint256 c = 0; c < citizens.length; c++) {
            balances += city.book().balanceOf(citizens[c]);
        }
        address[] memory merchants = city.merchants();
        for (uint256 m = 0; m < merchants.length; m++) {
            held += city.book().heldOf(merchants[m]);
        }
        vm.assertEq(balances, inPages, "I10: balances are the live pages");
        vm.assertEq(city.book().totalSupply(), balances + held, "I01: balances sum to the supply");
    }

    function _dueOrdersAreWhatMerchantsHold() private view {
        address[] memory merchants = city.merchants();
        for (uint256 m = 0; m < merchants.length; m++) {
            (uint256 points,) = city.allDues(merchants[m]);
            vm.assertEq(city.book().heldOf(merchants[m]), points, "I25: what a merchant holds is what it is due");
        }
    }

    function _disputesAreWhatWaits() private view {
        address[] memory merchants = city.merchants();
        for (uint256 m = 0; m < merchants.length; m++) {
            uint256 waiting;
            for (uint256 i = 0; i < city.orderCount(); i++) {
                IRedemptionDesk.OrderState memory state = city.orderState(i);
                bool disputed = state.phase == IRedemptionDesk.OrderPhase.Disputed;
                if (disputed && city.orderAt(i).receipt.merchant == merchants[m]) {
                    waiting += state.pointsMilli - state.refundedMilli;
                }
            }
            (uint256 points,) = city.desk().disputedOf(merchants[m]);
            vm.assertEq(points, waiting, "I25: what waits is what is disputed");
        }
    }

    function _offersKeepTheirTerms() private view {
        for (uint256 i = 0; i < city.offerCount(); i++) {
            CityModel.OfferRecord memory known = city.offerAt(i);
            IOfferBook.Offer memory offer = city.offers().offerOf(known.merchant, known.number);
            vm.assertEq(
                keccak256(abi.encode(offer.terms)),
                keccak256(abi.encode(known.terms)),
                "I39: an offer stays as it was made, but for stock that is added"
            );
            vm.assertLe(offer.taken, offer.terms.stock, "I39: no more is taken than there is");
        }
    }

    function _reserveCoversEverything() private view {
        vm.assertGe(city.token().balanceOf(address(city.vault())), city.liabilities(), "I28: the reserve covers it all");
    }

    function _locksAreForBatches() private view {
        address[] memory operators = city.operatorList();
        uint256[] memory known = city.yearList();
        for (uint256 i = 0; i < operators.length; i++) {
            for (uint256 y = 0; y < known.length; y++) {
                if (city.takenOut(known[y])) continue;
                vm.assertEq(
                    city.vault().lockedOf(operators[i], known[y]),
                    city.lockable(operators[i], known[y]),
                    "I61: what is locked is for what batches brought or can bring"
                );
            }
        }
    }

    function _batchesKeepTheirBounds() private view {
        for (uint256 i = 0; i < city.batchCount(); i++) {
            CityModel.BatchRecord memory record = city.batchAt(i);
            IPointIssuer.Progress memory progress = city.issuer().progressOf(record.id);
            (IEvidenceLedger.Phase phase,) = city.ledger().phaseOf(record.id);
            vm.assertLe(progress.quantity, record.header.totalQuantity, "I13: credited <= attested");
            vm.assertLe(progress.accounts, record.header.accountCount, "I13: accounts credited <= attested");
            vm.assertLe(progress.consentedMg, progress.reductionMg, "I62: consented <= credited");
            if (phase == IEvidenceLedger.Phase.Closed || phase == IEvidenceLedger.Phase.Revoked) {
                vm.assertEq(city.vault().lockedFor(record.id), 0, "I61: nothing is locked for what is over");
            }
            vm.assertEq(
                keccak256(abi.encode(city.ledger().headerOf(record.id))),
                keccak256(abi.encode(record.header)),
                "I20: a header never changes"
            );
            vm.assertTrue(phase != IEvidenceLedger.Phase.None, "I19: a batch is never forgotten");
            _bitsMatch(record.id, record.entries.length, progress.accounts);
        }
    }

    function _bitsMatch(BatchId batch, uint256 length, uint256 accounts) private view {
        uint256 bits;
        for (uint256 i = 0; i < length; i++) {
            if (city.issuer().isCredited(batch, i)) bits++;
        }
        vm.assertEq(bits, accounts, "I12: as many bits as accounts credited");
    }

    function _windowsNeverOverlap() private view {
        for (uint256 i = 0; i < 2; i++) {
            uint32 count = city.methodologies().versionCount(city.methodologyAt(i));
            uint256 next;
            for (uint32 version = 1; version <= count; version++) {
                (IMethodologyRegistry.Terms memory terms,,,) =
                    city.methodologies().methodologyOf(city.methodologyAt(i), version);
                vm.assertTrue(terms.fromDay >= next, "I22: windows of one methodology do not overlap");
                vm.assertGe(terms.toDay, terms.fromDay, "I22: no window is empty");
                next = uint256(terms.toDay) + 1;
            }
        }
    }

    function _moversFormNoCircle() private view {
        address[] memory citizens = city.citizens();
        for (uint256 c = 0; c < citizens.length; c++) {
            address holder = citizens[c];
            uint256 steps;
            while (city.book().movedTo(holder) != address(0)) {
                holder = city.book().movedTo(holder);
                vm.assertLe(++steps, citizens.length, "I11: moves form no circle");
            }
            uint256 sources;
            for (uint256 other = 0; other < citizens.length; other++) {
                if (city.book().movedTo(citizens[other]) == citizens[c]) sources++;
            }
            vm.assertLe(sources, 1, "I11: an account takes over one book");
        }
    }

    function _nothingIsApproved() private view {
        address[] memory operators = city.operatorList();
        for (uint256 i = 0; i < operators.length; i++) {
            vm.assertEq(city.token().allowance(operators[i], address(city.vault())), 0, "I36: no approval is left");
            vm.assertEq(city.book().allowance(operators[i], address(city.vault())), 0, "I36: points have no approvals");
        }
    }

    function _supplyIsWhatHappened() private view {
        uint256 everything;
        uint256[] memory known = city.yearList();
        uint256 present = city.book().currentYear();
        for (uint256 i = 0; i < known.length; i++) {
            // expired and not yet taken out: in no balance, still in the reserve's books
            if (known[i] + 10 <= present) everything += city.book().outstandingOf(known[i]);
        }
        everything += city.book().totalSupply() + city.burnedMilli() + city.expiredMilli();
        vm.assertEq(everything, city.mintedMilli(), "I02: minted = supply + settled + expired");
    }

    function _reductionsAreWhatHappened() private view {
        address[] memory citizens = city.citizens();
        uint256 credited;
        uint256 present;
        for (uint256 c = 0; c < citizens.length; c++) {
            credited += city.creditedMg(citizens[c]) - city.takenBackMg(citizens[c]);
            present += city.book().reductionOf(citizens[c]);
        }
        vm.assertEq(present, credited, "I08: reductions are what was credited less what was taken back");
    }

    function _heldIsWhatHappened() private view {
        address[] memory merchants = city.merchants();
        for (uint256 m = 0; m < merchants.length; m++) {
            vm.assertEq(
                city.book().heldOf(merchants[m]), city.heldMilli(merchants[m]), "I25: orders less refunds less paid"
            );
        }
    }

    function _moneyIsWhatHappened() private view {
        address[] memory operators = city.operatorList();
        for (uint256 i = 0; i < operators.length; i++) {
            vm.assertEq(
                city.vault().freeOf(operators[i]), city.freeReserve(operators[i]), "I28: the free reserve adds up"
            );
        }
        address[] memory merchants = city.merchants();
        for (uint256 m = 0; m < merchants.length; m++) {
            vm.assertEq(
                city.token().balanceOf(city.payoutOf(merchants[m])), city.paid(merchants[m]), "I29: paid once, exactly"
            );
        }
    }

    function _leavesAreCreditedOnce() private view {
        for (uint256 i = 0; i < city.batchCount(); i++) {
            CityModel.BatchRecord memory record = city.batchAt(i);
            for (uint256 leaf = 0; leaf < record.entries.length; leaf++) {
                bool credited = city.issuer().isCredited(record.id, leaf);
                vm.assertEq(city.timesCredited(i, leaf), credited ? 1 : 0, "I12: a leaf is credited once, and stays so");
            }
        }
    }

    function _itemsAreWhereOrdersAre() private view {
        address[] memory citizens = city.citizens();
        for (uint256 i = 0; i < city.offerCount(); i++) {
            CityModel.OfferRecord memory known = city.offerAt(i);
            uint256 items;
            for (uint256 c = 0; c < citizens.length; c++) {
                uint256 has = city.itemsOf(known.merchant, known.number, citizens[c]);
                items += has;
                if (known.terms.perCitizen == 0) continue;
                if (city.book().originOf(citizens[c]) != citizens[c]) {
                    vm.assertEq(has, 0, "I39: an item is with whoever had the book first");
                    continue;
                }
                uint256 told = city.offers().takenOf(known.merchant, known.number, citizens[c]);
                vm.assertEq(told, has, "I39: a citizen has an item for each order not wholly refunded");
                vm.assertLe(has, known.terms.perCitizen, "I39: and no more than the offer allows");
            }
            IOfferBook.Offer memory offer = city.offers().offerOf(known.merchant, known.number);
            vm.assertEq(offer.taken, items, "I39: what is taken is with citizens");
        }
    }

    function _ordersKeepTheirBounds() private view {
        for (uint256 i = 0; i < city.orderCount(); i++) {
            CityModel.OrderRecord memory order = city.orderAt(i);
            IRedemptionDesk.OrderState memory state = city.orderState(i);
            vm.assertEq(state.pointsMilli, order.pointsMilli, "I24: an order number stands for one order");
            vm.assertEq(state.refundedMilli, order.refundedMilli, "I26: refunds add up");
            vm.assertLe(state.refundedMilli, state.pointsMilli, "I26: no more is refunded than was spent");
        }
    }
}
