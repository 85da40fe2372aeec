// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// A methodology in one region, as ASCII text padded with zeros, e.g. "CI-01.CN-4403" (bus ride, Shenzhen).
type MethodologyId is bytes32;

/// keccak256(abi.encode(operator, methodology, day, sequence)): the key of a batch, used once.
type BatchId is bytes32;

/// keccak256(abi.encode(merchant, citizen, the merchant's own order number)): the key of an order, used once.
type OrderKey is bytes32;
