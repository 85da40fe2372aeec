// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Inventories of buyers, and how much of them may be offset
/// @notice A buyer attests what it emitted in a year, countersigned by a licensed verifier. Schemes cap the part of it that credits may stand
/// for, and refuse reductions from inside the buyer's own boundary. Only retirements for compliance ask here.
interface IInventoryRegistry {
    /// @notice What a buyer emitted in a year, in milligrams CO2e.
    /// @param scope1Mg Own sources.
    /// @param scope2LocationMg Bought energy, at the grid's factor.
    /// @param scope2MarketMg Bought energy, at the contracts' factors.
    /// @param scope3Mg The chain before and after.
    /// @param reportHash Hash of the inventory.
    struct Inventory {
        uint64 scope1Mg;
        uint64 scope2LocationMg;
        uint64 scope2MarketMg;
        uint64 scope3Mg;
        bytes32 reportHash;
    }

    /// @param capBps Part of the base that credits may stand for; 100 % are 10,000.
    /// @param scopes What the base is made of: 1 for scope 1, 2 and 4 for scope 2 by location and by market, 8 for scope 3.
    struct Rule {
        uint16 capBps;
        uint8 scopes;
    }

    /// @notice A buyer's inventory of a year: the `number`-th, which replaces those before.
    event InventoryAttested(
        address indexed buyer, uint256 indexed year, address indexed verifier, uint256 number, Inventory inventory
    );

    /// @notice The rule of a scheme was set.
    event RuleSet(bytes32 indexed scheme, Rule rule);

    /// @notice Reductions of `operator` lie in the boundary of `buyer` from now on; of nobody if zero.
    event BoundarySet(address indexed operator, address indexed buyer);

    /// @notice `mg` of a series were used under a scheme; `usedMg` in all.
    event Used(
        address indexed buyer, uint256 indexed year, bytes32 indexed scheme, uint256 series, uint256 mg, uint256 usedMg
    );

    /// @notice This caller has no part in this.
    error InventoryRegistry_Denied(address caller);

    /// @notice No scheme, no report, or nothing emitted.
    error InventoryRegistry_Incomplete();

    /// @notice The part is above the whole, or the base counts bought energy twice, or nothing.
    error InventoryRegistry_BadRule(uint256 capBps, uint256 scopes);

    /// @notice Not a licensed verifier.
    error InventoryRegistry_NotLicensed(address verifier);

    /// @notice A verifier does not check itself.
    error InventoryRegistry_SamePerson(address buyer);

    /// @notice The signature is not the verifier's over this inventory.
    error InventoryRegistry_BadSignature(address verifier);

    /// @notice The buyer attested nothing for the year.
    error InventoryRegistry_NoInventory(address buyer, uint256 year);

    /// @notice More than may be offset: `usedMg` are, `mg` are to be, `capMg` may.
    error InventoryRegistry_AboveCap(uint256 usedMg, uint256 mg, uint256 capMg);

    /// @notice The reductions come from inside the buyer's own boundary.
    error InventoryRegistry_OwnBoundary(uint256 series);

    /// @notice Attests the caller's inventory of a year. A later one replaces it; what is used stays used.
    /// Reverts if: incomplete; the verifier is not licensed, is the caller, or did not sign this as the next inventory of the year.
    function attest(uint16 year, Inventory calldata inventory, address verifier, bytes calldata signature) external;

    /// @notice Sets the rule of a scheme. Restricted to the authority.
    function setRule(bytes32 scheme, Rule calldata rule) external;

    /// @notice Sets in whose boundary an operator's reductions lie. Restricted to the authority.
    function setBoundary(address operator, address buyer) external;

    /// @notice Counts a retirement against the buyer's cap. Called by the retirements.
    /// Reverts if: no inventory; own boundary; above the cap.
    function useFor(address buyer, uint256 year, bytes32 scheme, uint256 series, uint256 mg) external;

    /// @notice Inventory in force of a buyer and year, and which it is; zero if none.
    function inventoryOf(address buyer, uint256 year) external view returns (Inventory memory inventory, uint256 number);

    /// @notice Rule of a scheme; zero if none, and then nothing may be offset.
    function ruleOf(bytes32 scheme) external view returns (Rule memory);

    /// @notice In whose boundary an operator's reductions lie.
    function boundaryOf(address operator) external view returns (address buyer);

    /// @notice Milligrams used, and the most that may be: floor(base * capBps / 10,000).
    function usedOf(address buyer, uint256 year, bytes32 scheme) external view returns (uint256 usedMg, uint256 capMg);

    /// @notice The digest that the verifier signs: buyer, year, number and inventory.
    function inventoryDigest(address buyer, uint16 year, uint256 number, Inventory calldata inventory)
        external
        view
        returns (bytes32);
}
