"""`carbonbook enrol`: who is who, and who consents."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer
from eth_utils.address import is_address

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.store.citizens import Enrolment
from oracle.installation import Installation
from oracle.model.errors import InputError

_COLUMNS = ("citizen", "source", "subject", "consented", "residents")
_YES_NO = {"yes": True, "no": False}


@app.command()
def enrol(
    path: Annotated[Path, typer.Argument(help=f"CSV with {', '.join(_COLUMNS)} and, for own keys, account.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Enrol citizens: which cards, riders and meters are one person, and whether the person's reductions may be sold.

    Only keyed hashes of the names are kept. Whoever is not enrolled becomes a citizen in custody when a record comes.

        carbonbook enrol citizens.csv
    """
    here = Installation.at(home)
    people = [_enrolment(path, number, row) for number, row in enumerate(_rows(path), 1)]
    with here.book.database.begin() as connection:
        new = here.book.register.enrol(connection, people)
    show({"rows": len(people), "new_subjects": new, "consented": sum(person.consented for person in people)}, json)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"these columns are missing: {', '.join(missing)}", file=path.name)
            return list(reader)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8", file=path.name) from error


def _enrolment(path: Path, number: int, row: dict[str, str]) -> Enrolment:
    def wrong(field: str, problem: str) -> InputError:
        return InputError(problem, file=path.name, row=number, field=field)

    for field in ("source", "subject"):
        if not row[field]:
            raise wrong(field, "is empty")
    if row["consented"] not in _YES_NO:
        raise wrong("consented", f"'{row['consented']}' is neither yes nor no")
    if row["residents"] and not (row["residents"].isdigit() and int(row["residents"]) > 0):
        raise wrong("residents", f"'{row['residents']}' is not a number of persons")
    account = row.get("account") or ""
    if account and not is_address(account):
        raise wrong("account", f"'{account}' is not an account")
    return Enrolment(
        citizen=row["citizen"] or None,
        source=row["source"],
        subject=row["subject"],
        consented=_YES_NO[row["consented"]],
        residents=int(row["residents"]) if row["residents"] else None,
        account=bytes.fromhex(account[2:]) if account else None,
    )
