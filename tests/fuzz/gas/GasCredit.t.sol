// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../../../contracts/types/Ids.sol";
import {BarePackedMint, LoopErc1155, LoopErc20} from "./Baselines.sol";
import {GasCity} from "./GasCity.sol";

/// @title Gas of crediting an account, against floors and peers that run beside it
contract GasCreditTest is GasCity {
    uint256 private constant QUANTITY = 12_345; // metres: 332,080 mg, 2,804 milli-points
    uint256 private constant LEVELS = 8; // 512 << 8 = 131,072 leaves

    function setUp() public {
        deployGasCity();
    }

    /// forge-config: default.isolate = true
    function test_GasCreditStaysNearABareMint() public {
        uint256[] memory entries = entriesOf("crowd", CHUNK, QUANTITY);
        BarePackedMint bare = new BarePackedMint();
        bare.mint(entries);
        uint256 bareFirst = _perEntry("bareFirst");
        bare.mint(entries);
        uint256 bareLater = _perEntry("bareLater");

        _credit(entriesOf("others", CHUNK, QUANTITY)); // the first chunk of all pays for the first slots of the totals
        _credit(entries);
        uint256 first = _perEntry("first");
        _credit(entries);
        _perEntry("sameDay");
        vm.warp(block.timestamp + 1 days);
        _credit(entries);
        uint256 later = _perEntry("later");

        vm.assertLe(first * 100, bareFirst * 105, "an account's first credit of a year: at most 1.05 times a bare mint");
        vm.assertLe(later * 100, bareLater * 115, "an account's later credit: at most 1.15 times a bare mint");
    }

    /// forge-config: default.isolate = true
    function test_GasOfMintsInALoop() public {
        (address[] memory accounts, uint256[] memory amounts) = _crowd();
        LoopErc20 erc20 = new LoopErc20();
        erc20.mintAll(accounts, amounts);
        _perEntry("erc20LoopFirst");
        erc20.mintAll(accounts, amounts);
        _perEntry("erc20LoopLater");
        LoopErc1155 erc1155 = new LoopErc1155();
        erc1155.mintAll(accounts, amounts);
        _perEntry("erc1155LoopFirst");
        erc1155.mintAll(accounts, amounts);
        _perEntry("erc1155LoopLater");
    }

    /// forge-config: default.isolate = true
    function test_GasCreditIsAQuarterOfAMintForEachRecord() public {
        LoopErc20 erc20 = new LoopErc20();
        (address[] memory accounts,) = _crowd();
        erc20.mint(accounts[0], QUANTITY);
        erc20.mint(accounts[1], QUANTITY);
        gasVm.snapshotValue("credit", "erc20EachFirst", lastGas());
        erc20.mint(accounts[1], QUANTITY);
        uint256 each = lastGas();
        gasVm.snapshotValue("credit", "erc20EachLater", each);

        uint256[] memory entries = entriesOf("crowd", CHUNK, QUANTITY);
        _credit(entries);
        vm.warp(block.timestamp + 1 days);
        _credit(entries);
        vm.assertLe(
            lastGas() / CHUNK * 4, each, "a later credit: at most a quarter of a mint in a transaction of its own"
        );
    }

    function _credit(uint256[] memory entries) private {
        bytes32[] memory proof = siblings(LEVELS);
        BatchId batch = openBatch(entries, proof, today());
        issuer.credit(batch, 0, entries, proof);
    }

    function _perEntry(string memory name) private returns (uint256 gas) {
        gas = lastGas() / CHUNK;
        gasVm.snapshotValue("credit", name, gas);
    }

    function _crowd() private pure returns (address[] memory accounts, uint256[] memory amounts) {
        uint256[] memory entries = entriesOf("crowd", CHUNK, QUANTITY);
        accounts = new address[](CHUNK);
        amounts = new uint256[](CHUNK);
        for (uint256 i = 0; i < CHUNK; i++) {
            (accounts[i], amounts[i]) = (address(uint160(entries[i] >> 96)), QUANTITY);
        }
    }
}
