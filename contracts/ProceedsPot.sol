// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICarbonPoint} from "../interfaces/ICarbonPoint.sol";
import {ICreditMarket} from "../interfaces/ICreditMarket.sol";
import {IProceedsPot} from "../interfaces/IProceedsPot.sol";
import {IReductionCertifier} from "../interfaces/IReductionCertifier.sol";
import {LeafLib} from "./libraries/LeafLib.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {SignatureLib} from "./libraries/SignatureLib.sol";

/// @title ProceedsPot
contract ProceedsPot is IProceedsPot, SaltedDomain, AccessManaged {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev What payments of one call are reckoned with.
    struct Reading {
        uint256 series;
        uint256 round;
        uint256 base; // the round that counts as the empty pot
        uint256 basePot;
        uint256 pot; // above the base
        bytes32 root;
        uint256 total;
        uint256 former; // the round that was looked up last, and its pot above the base
        uint256 formerPot;
    }

    bytes32 private constant PAYOUT_TYPEHASH =
        keccak256("Payout(uint256 series,uint256 index,uint256 paidRound,address to,uint256 deadline)");

    /// @inheritdoc IProceedsPot
    uint256 public constant ROUND_PAUSE = 1 days;

    /// @inheritdoc IProceedsPot
    uint256 public constant CLAIM_PERIOD = 3 * 365 days;

    /// @inheritdoc IProceedsPot
    uint256 public constant SWEEP_NOTICE = 90 days;

    /// @dev Sixteen numbers of sixteen bits in a word.
    uint256 private constant ROUND_BITS = 16;
    uint256 private constant ROUND_MASK = type(uint16).max;

    IERC20 public immutable token;
    IReductionCertifier public immutable certifier;
    ICreditMarket public immutable market;
    ICarbonPoint public immutable book;

    /// @inheritdoc IProceedsPot
    uint256 public immutable ROUND_GROWTH;

    /// @inheritdoc IProceedsPot
    address public publicGood;

    /// @inheritdoc IProceedsPot
    mapping(uint256 series => mapping(uint256 round => uint256)) public potOf;

    /// @inheritdoc IProceedsPot
    mapping(address account => uint256 amount) public owedTo;

    mapping(uint256 series => Head) private _heads;
    mapping(uint256 series => mapping(uint256 word => uint256 rounds)) private _paidRounds;

    constructor(
        address access,
        IERC20Metadata token_,
        IReductionCertifier certifier_,
        ICreditMarket market_,
        ICarbonPoint book_,
        address publicGood_,
        bytes32 genesisHash_
    ) SaltedDomain(genesisHash_) AccessManaged(access) {
        token = token_;
        certifier = certifier_;
        market = market_;
        book = book_;
        ROUND_GROWTH = 100 * 10 ** token_.decimals();
        _setPublicGood(publicGood_);
    }

    /// @inheritdoc IProceedsPot
    function openRound(uint256 series) external {
        Head memory head = _heads[series];
        uint256 until = head.openedAt + ROUND_PAUSE;
        if (head.rounds > 0 && block.timestamp < until) revert ProceedsPot_TooEarly(until);

        uint256 before = token.balanceOf(address(this));
        market.drawCitizens(series);
        uint256 grown = token.balanceOf(address(this)) - before;
        uint256 least = market.stockOf(series).availableMg == 0 ? 1 : ROUND_GROWTH;
        if (grown < least) revert ProceedsPot_TooSmall(grown, least);

        uint256 round = uint256(head.rounds) + 1;
        uint256 pot = uint256(potOf[series][head.rounds] + grown).toUint128();
        potOf[series][round] = pot;
        (head.rounds, head.openedAt, head.sweepsAt) = (round.toUint16(), uint40(block.timestamp), 0);
        _heads[series] = head;

        emit RoundOpened(series, round, pot);
    }

    /// @inheritdoc IProceedsPot
    function claim(uint256 series, uint256 firstIndex, uint256[] calldata entries, bytes32[] calldata proof) external {
        Reading memory reading = _read(series);
        uint256[] memory dues = new uint256[](entries.length);
        _requireInTree(reading, firstIndex, entries, proof);
        (uint256 sum, uint256 accounts) = _mark(reading, firstIndex, entries, dues);
        _count(reading, sum, firstIndex);

        emit SharesPaid(series, firstIndex, accounts, sum, reading.round);

        for (uint256 i = 0; i < entries.length; i++) {
            if (dues[i] > 0) _send(_holderOf(_accountOf(entries[i])), dues[i]);
        }
    }

    /// @inheritdoc IProceedsPot
    function claimMany(uint256 series, Share[] calldata shares) external {
        Reading memory reading = _read(series);
        uint256[] memory dues = new uint256[](shares.length);
        address[] memory accounts = new address[](shares.length);
        uint256 sum = 0;
        for (uint256 i = 0; i < shares.length; i++) {
            Share calldata share = shares[i];
            (uint256 due,) = _markOne(reading, share);
            if (due == 0) continue;
            (dues[i], accounts[i]) = (due, _accountOf(share.entry));
            unchecked {
                sum += due; // see `_mark`
            }

            emit SharesPaid(series, share.index, 1, due, reading.round);
        }
        _count(reading, sum, shares.length == 0 ? 0 : shares[0].index);
        for (uint256 i = 0; i < dues.length; i++) {
            uint256 due = dues[i];
            if (due > 0) _send(_holderOf(accounts[i]), due);
        }
    }

    /// @inheritdoc IProceedsPot
    function claimTo(Payout calldata payout, Share calldata share, bytes calldata signature) external {
        if (block.timestamp > payout.deadline) revert ProceedsPot_Expired(payout.deadline);
        if (payout.index != share.index) revert ProceedsPot_WrongLeaf(share.index, payout.index);
        if (payout.to == address(0)) revert ProceedsPot_NoReceiver();
        address holder = _holderOf(_accountOf(share.entry));
        if (!SignatureLib.isSignedBy(holder, payoutDigest(payout), signature)) {
            revert ProceedsPot_BadSignature(holder);
        }

        Reading memory reading = _read(payout.series);
        (uint256 due, uint256 former) = _markOne(reading, share);
        if (former != payout.paidRound) revert ProceedsPot_WrongRound(former, payout.paidRound);
        _count(reading, due, share.index);

        emit SharesPaid(payout.series, share.index, 1, due, reading.round);

        token.safeTransfer(payout.to, due);
    }

    /// @inheritdoc IProceedsPot
    function takeOwed(address account) external {
        uint256 amount = owedTo[account];
        if (amount == 0) revert ProceedsPot_NothingOwed(account);
        owedTo[account] = 0;

        emit OwedPaid(account, amount);

        token.safeTransfer(_holderOf(account), amount);
    }

    /// @inheritdoc IProceedsPot
    function announceSweep(uint256 series) external {
        Head storage head = _heads[series];
        if (head.sweepsAt != 0) revert ProceedsPot_Announced(series, head.sweepsAt);
        uint256 until = head.openedAt + CLAIM_PERIOD;
        if (head.rounds == head.baseRound || block.timestamp < until) revert ProceedsPot_TooEarly(until);

        uint256 sweepsAt = block.timestamp + SWEEP_NOTICE;
        head.sweepsAt = uint40(sweepsAt);

        emit SweepAnnounced(series, sweepsAt);
    }

    /// @inheritdoc IProceedsPot
    function sweep(uint256 series) external {
        Head memory head = _heads[series];
        if (head.sweepsAt == 0) revert ProceedsPot_NotAnnounced(series);
        if (block.timestamp < head.sweepsAt) revert ProceedsPot_TooEarly(head.sweepsAt);

        uint256 pot = potOf[series][head.rounds];
        uint256 amount = pot - head.paidOut;
        (head.baseRound, head.sweepsAt, head.paidOut) = (head.rounds, 0, pot.toUint128());
        _heads[series] = head;

        emit Swept(series, publicGood, amount, head.rounds);

        token.safeTransfer(publicGood, amount);
    }

    /// @inheritdoc IProceedsPot
    function setPublicGood(address publicGood_) external restricted {
        _setPublicGood(publicGood_);
    }

    /// @inheritdoc IProceedsPot
    function headOf(uint256 series) external view returns (Head memory) {
        return _heads[series];
    }

    /// @inheritdoc IProceedsPot
    function dueOf(uint256 series, uint256 index, uint256 mg) external view returns (uint256 amount) {
        Reading memory reading = _read(series);
        return _due(reading, mg, paidRoundOf(series, index));
    }

    /// @inheritdoc IProceedsPot
    function paidRoundOf(uint256 series, uint256 index) public view returns (uint256) {
        return _paidRounds[series][index / ROUND_BITS] >> (index % ROUND_BITS * ROUND_BITS) & ROUND_MASK;
    }

    /// @inheritdoc IProceedsPot
    function payoutDigest(Payout calldata payout) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(PAYOUT_TYPEHASH, payout)));
    }

    function _setPublicGood(address publicGood_) private {
        if (publicGood_ == address(0)) revert ProceedsPot_NoReceiver();

        address former = publicGood;
        publicGood = publicGood_;

        emit PublicGoodSet(former, publicGood_);
    }

    /// @dev Marks the leaves of a chunk as paid up to the reading, word by word; fills in what each is due. Unchecked: indices are those of the
    /// signed tree, and a due has 223 bits at most, so that no call holds leaves enough to overflow a sum.
    function _mark(Reading memory reading, uint256 firstIndex, uint256[] calldata entries, uint256[] memory dues)
        private
        returns (uint256 sum, uint256 accounts)
    {
        mapping(uint256 => uint256) storage words = _paidRounds[reading.series];
        unchecked {
            for (uint256 i = 0; i < entries.length;) {
                uint256 word = (firstIndex + i) / ROUND_BITS;
                uint256 rounds = words[word];
                for (; i < entries.length && (firstIndex + i) / ROUND_BITS == word; i++) {
                    uint256 entry = entries[i];
                    if (entry == 0) continue;
                    uint256 due;
                    (due, rounds,) = _advance(reading, firstIndex + i, entry, rounds);
                    if (due == 0) continue;
                    dues[i] = due;
                    sum += due;
                    accounts++;
                }
                words[word] = rounds;
            }
        }
    }

    function _markOne(Reading memory reading, Share calldata share) private returns (uint256 due, uint256 former) {
        (uint256 index, uint256 entry) = (share.index, share.entry);
        if (LeafLib.climb(LeafLib.accountLeaf(index, entry), share.proof) != reading.root) {
            revert ProceedsPot_BadProof(reading.series, index);
        }
        mapping(uint256 => uint256) storage words = _paidRounds[reading.series];
        uint256 word = index / ROUND_BITS;
        (due, words[word], former) = _advance(reading, index, entry, words[word]);
    }

    /// @dev What a leaf is due, its word of rounds after it is paid, and up to which round it was.
    function _advance(Reading memory reading, uint256 index, uint256 entry, uint256 rounds)
        private
        view
        returns (uint256 due, uint256 advanced, uint256 former)
    {
        unchecked {
            uint256 shift = index % ROUND_BITS * ROUND_BITS;
            former = rounds >> shift & ROUND_MASK;
            due = _due(reading, entry & LeafLib.QUANTITY_MASK, former);
            advanced = rounds & ~(ROUND_MASK << shift) | reading.round << shift;
        }
    }

    /// @dev Counts a payment before any money moves.
    function _count(Reading memory reading, uint256 sum, uint256 firstIndex) private {
        if (sum == 0) revert ProceedsPot_NothingDue(reading.series, firstIndex);
        Head storage head = _heads[reading.series];
        uint256 paid = head.paidOut + sum;
        uint256 pot = reading.basePot + reading.pot;
        if (paid > pot) revert ProceedsPot_Overdrawn(paid, pot);

        head.paidOut = uint128(paid); // fits: no more than the pot, which the token bounds
    }

    /// @dev A token that refuses one account does not keep the others waiting.
    function _send(address to, uint256 amount) private {
        if (token.trySafeTransfer(to, amount)) return;

        owedTo[to] += amount;

        emit ShareOwed(to, amount);
    }

    function _read(uint256 series) private view returns (Reading memory reading) {
        Head storage head = _heads[series];
        (reading.series, reading.round, reading.base) = (series, head.rounds, head.baseRound);
        (reading.root, reading.total) = certifier.sharesOf(series);
        if (reading.base > 0) reading.basePot = potOf[series][reading.base];
        reading.pot = potOf[series][reading.round] - reading.basePot;
    }

    /// @dev Sums over the leaves stay below the pot above the base, because each is rounded down from there. Unchecked: a pot has less than
    /// 128 bits and a leaf 95, and a later pot is never smaller.
    function _due(Reading memory reading, uint256 mg, uint256 former) private view returns (uint256 due) {
        unchecked {
            if (former == reading.round) return 0;
            due = reading.pot * mg / reading.total;
            if (former <= reading.base) return due;

            if (former != reading.former) {
                (reading.former, reading.formerPot) = (former, potOf[reading.series][former] - reading.basePot);
            }
            return due - reading.formerPot * mg / reading.total;
        }
    }

    function _requireInTree(
        Reading memory reading,
        uint256 firstIndex,
        uint256[] calldata entries,
        bytes32[] calldata proof
    ) private pure {
        uint256 count = entries.length;
        if (count == 0 || count & (count - 1) != 0) revert ProceedsPot_BadChunk(count);
        if (LeafLib.climb(LeafLib.subtreeRoot(firstIndex, entries), proof) != reading.root) {
            revert ProceedsPot_BadProof(reading.series, firstIndex);
        }
    }

    /// @dev The last account of the chain of moves; a book moves sixteen times at most.
    function _holderOf(address account) private view returns (address holder) {
        holder = account;
        for (address next = book.movedTo(account); next != address(0); next = book.movedTo(next)) {
            holder = next;
        }
    }

    function _accountOf(uint256 entry) private pure returns (address) {
        return address(uint160(entry >> LeafLib.ACCOUNT_SHIFT));
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook ProceedsPot";
    }
}
