// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MethodologyId} from "../contracts/types/Ids.sol";

/// @title How a retirement certificate looks
/// @notice Serial, data and picture of a certificate, from its facts alone. Names are escaped: whatever stands in them, the JSON and the SVG
/// parse. The picture has no script and nothing from outside.
interface ICertificatePicture {
    /// @notice What a certificate says; fields as in `IRetirementRegistry.Certificate` and `IReductionCertifier.Claim`.
    struct Facts {
        bytes4 registryCode;
        uint256 series;
        uint256 firstMg;
        uint256 mg;
        uint256 backedMg;
        MethodologyId methodology;
        uint256 version;
        uint256 vintage;
        uint256 sequence;
        address operator;
        uint256 operatorNumber;
        string beneficiary;
        uint256 purpose;
        uint256 fromDay;
        uint256 throughDay;
        uint256 country;
        uint256 at;
    }

    /// @notice Registry, region, methodology, version, operator, vintage, sequence, first and last milligram, with "-" between.
    function serialOf(Facts calldata facts) external pure returns (string memory);

    /// @notice The certificate's data as `data:application/json;base64,`; its picture is inside.
    function uriOf(Facts calldata facts) external pure returns (string memory);

    /// @notice The picture: SVG, 600 by 400.
    function svgOf(Facts calldata facts) external pure returns (string memory);
}
