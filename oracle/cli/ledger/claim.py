"""`carbonbook claim`: what one citizen earned, credited by proof."""

from __future__ import annotations

from typing import Annotated

import typer
from eth_utils.address import is_address, to_checksum_address

from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, JsonOption, show
from oracle.cli.ledger.credit import open_batches
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.store.outbox import filled
from oracle.installation import Installation
from oracle.ledger.credit.claim import Claim, open_claims, send_claims
from oracle.ledger.credit.rests import Rest, credit_rests, rests_of
from oracle.model.errors import InputError
from oracle.model.ids import BatchId
from oracle.model.units import date_of, points


@app.command()
def claim(
    account: Annotated[str, typer.Argument(help="The citizen's account.")],
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Credit the entries of one account in open batches that are not credited yet, each with its Merkle proof.

    A day cap may leave a remainder. Run the command again later to credit it.

    A claim can only credit the account in the entry, so it needs no signature. An entry is credited once, by claim or by push.
    `carbonbook redeem --claim` claims and spends in one transaction.

        carbonbook claim 0x71bE63f3384f5fb98995898A86B02Fb2426c5788
    """
    if not is_address(account):
        raise InputError(f"'{account}' is not an account: expected 0x and 40 hex digits")
    here = Installation.at(home)
    outbox = None if dry_run else here.outbox()
    stored = {batch.batch: batch for batch in open_batches(here)}
    folders = ((batch, here.book.bundle_folder(batch)) for batch in stored)
    claims = list(open_claims(here.chain, folders, [bytes.fromhex(to_checksum_address(account)[2:])]))
    sent = [] if outbox is None else send_claims(outbox, claims)
    rests = [rest for batch in stored for rest in _rests(here, batch, to_checksum_address(account))]
    sent += [] if outbox is None else credit_rests(outbox, rests)
    left = [rest for batch in stored for rest in _rests(here, batch, to_checksum_address(account))]

    def row(claim: Claim) -> dict[str, object]:
        batch = stored[claim.batch]
        return {
            "act_date": date_of(batch.day).isoformat(),
            "methodology": batch.methodology,
            "quantity": claim.quantity,
            "index": claim.index,
            "batch": claim.batch,
        }

    show(
        {
            "account": to_checksum_address(account),
            "claims": [row(claim) for claim in claims],
            "rests": [{"reduction_mg": rest.rest_mg, "index": rest.index, "batch": rest.batch} for rest in left],
            "transactions": len(sent),
            "gas": sum(filled(transaction.gas_used) for transaction in sent),
            "points": points(CarbonPoint(here.chain).balance_of(to_checksum_address(account))),
        },
        json,
    )


def _rests(here: Installation, batch: BatchId, account: str) -> list[Rest]:
    return [rest for rest in rests_of(here.chain, batch) if rest.account == account]
