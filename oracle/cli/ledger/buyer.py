"""`carbonbook buyer`: what a buyer emitted, what of it credits may stand for, and what may be said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption, show
from oracle.installation import Installation
from oracle.ledger.buyer import account as accounts
from oracle.ledger.buyer.rules import Figures, Scheme, Standing, percent, scheme_of, standing_of, tonnes
from oracle.ledger.buyer.tables import Table, read_table
from oracle.measure.records.content import text_blocks
from oracle.model.errors import InputError
from oracle.model.findings import CODES
from oracle.model.units import tonnes as mass

app = typer.Typer(name="buyer", help="A buyer's account: import, plan, statement.", no_args_is_help=True)

BuyerOption = Annotated[str, typer.Option("--key", help="Name of the buyer's key.")]


@app.command("import")
def import_(
    paths: Annotated[
        list[Path], typer.Argument(help="CSV files: inventory, power, reductions; the header tells which.")
    ],
    key: BuyerOption,
    attest: Annotated[int | None, typer.Option(help="Also attest this year's inventory on chain.")] = None,
    verifier: Annotated[
        str | None, typer.Option(help="Licensed verifier who countersigns: a key's name, or an account.")
    ] = None,
    signature: Annotated[
        str | None, typer.Option(help="The verifier's signature, 0x hex, if its key is not here.")
    ] = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Take a buyer's tables; each takes the place of the one before.

    Rows that cannot be used are findings, by row and field, and exit code 3; the others go on.

        carbonbook buyer import inventory.csv power.csv reductions.csv --key buyer-1
        carbonbook buyer import inventory.csv --key buyer-1 --attest 2021 --verifier verifier-1
    """
    here = Installation.at(home)
    tables = _tables(paths)
    folder = accounts.folder_of(here.settings.home, here.account_of(key))
    if not dry_run:
        accounts.save(folder, tables)
    bad = [row for table in tables.values() for row in table.findings.to_dicts()]
    outcome: dict[str, object] = {
        "folder": str(folder),
        "rows": {kind: table.rows for kind, table in tables.items()},
        "rows_taken": {kind: len(table.good) for kind, table in tables.items()},
        "findings": [{**row, "sentence": CODES[row["code"]].en} for row in bad],
    }
    if attest is not None and not bad:
        outcome |= _attested(here, key, accounts.load(folder, tables), attest, verifier, signature, dry_run)
    known = "inventory" in tables or (folder / "inventory.csv").exists()
    years = accounts.load(folder, tables).years() if known else []
    show(
        {
            **outcome,
            "state": "imported" if not bad else "imported in part",
            "next": f"carbonbook buyer plan {years[-1]} --key {key}"
            if years
            else "carbonbook buyer import inventory.csv",
            "blocked_by": [f"{len(bad)} rows with findings"] if bad else [],
            "dry_run": dry_run,
        },
        json,
    )
    if bad:
        raise InputError(f"{len(bad)} rows cannot be used; {folder / 'findings.csv'} lists them by row and field")


@app.command()
def plan(
    year: Annotated[int, typer.Argument(help="Year of the inventory.")],
    key: BuyerOption,
    scheme: Annotated[str, typer.Option(help="Scheme whose cap applies.")] = "GD-PHCER",
    price: Annotated[int, typer.Option(help="Token units per tonne to reckon with.", min=1)] = 60_000_000,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show what remains of a year's emissions, how much of it credits may stand for, and what that costs.

    carbonbook buyer plan 2021 --key buyer-1 --scheme GD-PHCER --price 60000000
    """
    here = Installation.at(home)
    figures = accounts.load(accounts.folder_of(here.settings.home, here.account_of(key))).figures(year)
    rule = scheme_of(scheme)
    show({**_figures(figures), **_plan(here, figures, rule, price), "next": f"carbonbook retire ... --key {key}"}, json)


@app.command()
def statement(
    year: Annotated[int, typer.Argument(help="Year of the inventory.")],
    key: BuyerOption,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    name: Annotated[str | None, typer.Option(help="The buyer's name on the page.", show_default="its account")] = None,
    plan: Annotated[Path | None, typer.Option(help="Plan of reductions; its name and SHA-256 are stated.")] = None,
    block: Annotated[int | None, typer.Option(help="Block to read at.", show_default="the head")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write what may be said of a year, and what may not: as a page (HTML) and to print (PDF).

    "Carbon neutral" may be said only if all that remains in the boundary is retired and a plan of reductions is attached.

        carbonbook buyer statement 2021 --key buyer-1 --name "Example Data Centre Ltd" --plan plan.pdf --out statement
    """
    from oracle.edge.store.disk import disk
    from oracle.measure.records.content import sha256_of
    from oracle.report.neutrality import read_statement
    from oracle.report.read.ledger import block_of
    from oracle.report.write.neutrality_page import page, pdf

    here = Installation.at(home)
    buyer = here.account_of(key)
    account = accounts.load(accounts.folder_of(here.settings.home, buyer))
    attached = None if plan is None else (plan.name, sha256_of(plan))
    made = read_statement(here.chain, block_of(here.chain, block), account, buyer, year, name or buyer, attached)
    files = {f"statement-{year}.html": page(made).encode(), f"statement-{year}.pdf": pdf(made)}
    with disk(out):
        out.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (out / file).write_bytes(content)
    standing = made.standing
    show(
        {
            **_figures(made.figures),
            "retired_mg": made.counted_mg,
            "retired_t": tonnes(made.counted_mg),
            "remains_t": tonnes(standing.remains_mg),
            "covered_percent": percent(standing.covered_hundredths),
            "may_be_said": made.may_be_said(),
            "may_not_be_said": list(made.may_not_be_said()),
            "files": [str(out / file) for file in files],
            "block": made.block.number,
            "state": "neutral" if standing.neutral else "not neutral",
            "next": _next(standing, key),
            "blocked_by": []
            if standing.neutral
            else [each for each in made.may_not_be_said() if "carbon neutral" in each],
        },
        json,
    )


def _tables(paths: list[Path]) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for path in paths:
        table = read_table(text_blocks(path), path.name)
        if table.kind in tables:
            raise InputError(f"is the second table of {table.kind}; put all rows into one file", file=path.name)
        tables[table.kind] = table
    return tables


def _attested(
    here: Installation,
    key: str,
    account: accounts.Account,
    year: int,
    verifier: str | None,
    signature: str | None,
    dry_run: bool,
) -> dict[str, object]:
    """Attests the year's inventory, unless it is in force; without a verifier, says what one has to sign."""
    from oracle.edge.chain.contracts.inventory_registry import InventoryRegistry
    from oracle.model.typed_data import INVENTORY, sign, signable

    registry, buyer, inventory = InventoryRegistry(here.chain), here.account_of(key), account.attested(year)
    in_force, number = registry.inventory_of(buyer, year)
    if in_force == inventory:
        return {"attested": number, "transaction": None}
    message = accounts.message_of(buyer, year, number + 1, inventory)
    if verifier is None:
        return {
            "attested": number,
            "to_sign": _to_sign(registry.digest_of(buyer, year, number + 1, inventory), message),
        }
    if signature is None:
        signed = sign(here.keys.account(verifier), signable(registry.domain, "Inventory", INVENTORY, message))
    else:
        signed = _bytes(signature)
    checked = accounts.countersigned(registry, buyer, year, inventory, here.account_of(verifier), signed)
    call = registry.attest(year, inventory, here.account_of(verifier), checked)
    if dry_run:
        here.chain.simulate(call.to, call.data, buyer)
        return {"attested": number, "transaction": None}
    sent = here.sender(key).send(call)
    return {"attested": number + 1, "transaction": sent.hash}


def _next(standing: Standing, key: str) -> str:
    if standing.remains_mg:
        return f"carbonbook market quote {mass(standing.remains_mg)}t, then carbonbook retire ... --key {key}"
    return "publish the statement" if standing.neutral else "attach a plan of reductions with --plan"


def _to_sign(digest: bytes, message: dict[str, object]) -> dict[str, object]:
    return {"digest": "0x" + digest.hex(), **{name: _shown(value) for name, value in message.items()}}


def _shown(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise InputError("is not hex", field="--signature") from error


def _figures(of: Figures) -> dict[str, object]:
    return {
        "year": of.year,
        "scope1_t": tonnes(of.scope1_mg),
        "scope2_location_t": tonnes(of.scope2_location_mg),
        "scope2_market_t": tonnes(of.scope2_market_mg),
        "scope3_t": tonnes(of.scope3_mg),
        "green_power_t": tonnes(of.lowered_mg),
        "total_location_t": tonnes(of.total_location_mg),
        "total_market_mg": of.total_market_mg,
        "total_market_t": tonnes(of.total_market_mg),
    }


def _plan(here: Installation, of: Figures, rule: Scheme, price: int) -> dict[str, object]:
    from oracle.edge.chain.contracts.credit_market import CreditMarket
    from oracle.ledger.buyer.cost import cost_of

    cap_mg = rule.cap_mg(of)
    market = CreditMarket(here.chain)
    terms = market.terms_of(market.present_terms_id())
    cost = cost_of(cap_mg, price, terms.fee_bps, terms.citizens_bps)
    standing = standing_of(of.total_market_mg, cap_mg, has_plan=False)
    return {
        "scheme": rule.code,
        "rule": rule.source,
        "cap_mg": cap_mg,
        "cap_t": tonnes(cap_mg),
        "local_at_least_t": tonnes(rule.local_mg(cap_mg)),
        "cost_units": cost.units,
        "of_it_fee_units": cost.fee,
        "of_it_citizens_units": cost.citizens,
        "of_it_operators_units": cost.operators,
        "remains_then_t": tonnes(standing.remains_mg),
        "covered_percent": percent(standing.covered_hundredths),
        "next_tier": f"{standing.next_tier_mg[1]} from {tonnes(standing.next_tier_mg[0])} t",
        "state": "planned",
        "blocked_by": [],
    }
