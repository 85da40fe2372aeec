"""`carbonbook enrol`: who is who, and who consents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from eth_utils.address import is_address, to_canonical_address

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.cli.rows import read_rows
from oracle.edge.store.citizens import Enrolment
from oracle.installation import Installation
from oracle.model.errors import InputError

_COLUMNS = ("citizen", "source", "subject", "consented", "residents")
_PERSONS = re.compile("[1-9][0-9]?")
_YES_NO = {"yes": True, "no": False}


@app.command()
def enrol(
    path: Annotated[
        Path,
        typer.Argument(
            help=f"CSV with {', '.join(_COLUMNS)} and optionally account (for citizens with their own key)."
        ),
    ],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Enrol citizens: their cards, rider ids and meters, and whether they consent to the sale of their reductions.

    Only keyed hashes of the names are stored. A record of an unknown person creates a citizen in custody.
    A row that cannot be read is told and left out; exit code 3 then, when the others are enrolled.

        carbonbook enrol citizens.csv
    """
    here = Installation.at(home)
    people, bad = read_rows(path, _COLUMNS, lambda number, row: _enrolment(path, number, row))
    with here.book.database.begin() as connection:
        new = here.book.register.enrol(connection, people)
    show(
        {
            "rows": len(people),
            "new_subjects": new,
            "consented": sum(person.consented for person in people),
            "bad_rows": [str(error) for error in bad],
        },
        json,
    )
    if bad:
        raise bad[0]


def _enrolment(path: Path, number: int, row: dict[str, str]) -> Enrolment:
    def wrong(field: str, problem: str) -> InputError:
        return InputError(problem, file=path.name, row=number, field=field)

    for field in ("source", "subject"):
        if not row[field]:
            raise wrong(field, "is empty")
    if row["consented"] not in _YES_NO:
        raise wrong("consented", f"'{row['consented']}' is neither 'yes' nor 'no'")
    if row["residents"] and not _PERSONS.fullmatch(row["residents"]):
        raise wrong("residents", f"'{row['residents']}' is not a whole number from 1 to 99")
    account = row.get("account", "")
    if account and not is_address(account):
        raise wrong("account", f"'{account}' is not an account: expected 0x and 40 hex digits")
    return Enrolment(
        citizen=row["citizen"] or None,
        source=row["source"],
        subject=row["subject"],
        consented=_YES_NO[row["consented"]],
        residents=int(row["residents"]) if row["residents"] else None,
        account=to_canonical_address(account) if account else None,
    )
