// Compiles a contract with the project's settings.
// stdin: JSON object of `source` and the name of the `contract` in it; stdout: its runtime bytecode in hex.
"use strict";
const fs = require("fs");
const path = require("path");

const root = path.resolve(__dirname, "..", "..");
const solc = require(path.join(root, "node_modules", "solc"));

const { source, contract } = JSON.parse(fs.readFileSync(0, "utf8"));
const input = {
  language: "Solidity",
  sources: { "Harness.sol": { content: source } },
  settings: {
    evmVersion: "paris",
    optimizer: { enabled: true, runs: 10000 },
    remappings: ["@openzeppelin=node_modules/@openzeppelin"],
    outputSelection: { "*": { [contract]: ["evm.deployedBytecode.object"] } },
  },
};
const read = (name) => ({ contents: fs.readFileSync(path.join(root, name), "utf8") });
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
const errors = (output.errors ?? []).filter((error) => error.severity === "error");
if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
fs.writeFileSync(1, `0x${output.contracts["Harness.sol"][contract].evm.deployedBytecode.object}`);
