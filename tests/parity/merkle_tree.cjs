// The npm package @openzeppelin/merkle-tree behind a JSON question on stdin and a JSON answer on stdout.
// {trees: [{encoding, values, sort}]}: root, saved tree and every proof of each tree, in the order of the values.
// {proofs: [{root, encoding, value, proof}]}: whether each proof holds.
// {saved: [document]}: root of each saved tree, after the library's own validation.
"use strict";
const fs = require("fs");
const path = require("path");

const library = path.resolve(__dirname, "..", "..", "node_modules", "@openzeppelin", "merkle-tree");
const { StandardMerkleTree } = require(library);

const question = JSON.parse(fs.readFileSync(0, "utf8"));

function built({ encoding, values, sort }) {
  const tree = StandardMerkleTree.of(values, encoding, { sortLeaves: sort });
  return { root: tree.root, saved: tree.dump(), proofs: values.map((_, index) => tree.getProof(index)) };
}

const answer = {
  trees: (question.trees ?? []).map(built),
  proofs: (question.proofs ?? []).map((p) => StandardMerkleTree.verify(p.root, p.encoding, p.value, p.proof)),
  saved: (question.saved ?? []).map((document) => StandardMerkleTree.load(document).root),
};
fs.writeSync(1, JSON.stringify(answer));
