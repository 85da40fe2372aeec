// contracts/libraries/LeafLib.sol and OpenZeppelin's MerkleProof on a chain inside this process: no port, no network.
// stdin: JSON array of calldata for the contract below; stdout: JSON array of what each call returns.
"use strict";
const fs = require("fs");
const path = require("path");

const root = path.resolve(__dirname, "..", "..");
const solc = require(path.join(root, "node_modules", "solc"));
const ganache = require(path.join(root, "node_modules", "ganache"));

const SOURCE = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;
import {LeafLib} from "contracts/libraries/LeafLib.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
contract Leaves {
    function recordLeaf(LeafLib.Record calldata r) external pure returns (bytes32) {
        return LeafLib.recordLeaf(r);
    }
    function subtreeRoot(uint256 first, uint256[] calldata entries) external pure returns (bytes32) {
        return LeafLib.subtreeRoot(first, entries);
    }
    function verify(bytes32[] calldata proof, bytes32 treeRoot, bytes32 leaf) external pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, treeRoot, leaf);
    }
}`;

function compiled() {
  const input = {
    language: "Solidity",
    sources: { "Leaves.sol": { content: SOURCE } },
    settings: {
      evmVersion: "paris",
      optimizer: { enabled: true, runs: 10000 },
      remappings: ["@openzeppelin=node_modules/@openzeppelin"],
      outputSelection: { "*": { Leaves: ["evm.bytecode.object"] } },
    },
  };
  const read = (name) => ({ contents: fs.readFileSync(path.join(root, name), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  return `0x${output.contracts["Leaves.sol"].Leaves.evm.bytecode.object}`;
}

async function main() {
  const chain = ganache.provider({
    logging: { quiet: true },
    chain: { hardfork: "merge" },
    miner: { blockGasLimit: 3e8, callGasLimit: 3e8 },
  });
  const ask = (method, ...params) => chain.request({ method, params });
  const [from] = await ask("eth_accounts");
  const hash = await ask("eth_sendTransaction", { from, data: compiled(), gas: "0x4c4b40" });
  const { contractAddress: to } = await ask("eth_getTransactionReceipt", hash);
  const answers = [];
  for (const data of JSON.parse(fs.readFileSync(0, "utf8"))) {
    answers.push(await ask("eth_call", { to, data, gas: "0x11e1a300" }, "latest"));
  }
  fs.writeSync(1, JSON.stringify(answers));
  await chain.disconnect();
}

main().catch((error) => {
  fs.writeSync(2, `${error.stack}\n`);
  process.exit(1);
});
