// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Whether an account signed
library SignatureLib {
    /// @notice Whether `signature` is `signer`'s over `digest`: by its key, or by the contract at its address (ERC-1271).
    /// @dev A key's own signature needs no look at the account, which would cost as much as the recovery itself; only then is a contract
    /// asked. An account with code and a key, as EIP-7702 makes them, can be spoken for by either.
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecover(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == signer) return true;

        return signer.code.length > 0 && SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }
}
