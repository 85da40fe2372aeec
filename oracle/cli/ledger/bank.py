"""`carbonbook settle file | returned | again | booked`: what the bank is told, what it answers, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from oracle.cli.console import HomeOption, JsonOption, say, show
from oracle.cli.ledger.settle import Office, RunArgument, app
from oracle.edge.store.bank_files import StoredFile
from oracle.edge.store.outputs import write_file
from oracle.ledger.settle.bank_answers import Taken, take_booked, take_returned
from oracle.ledger.settle.bank_messages import Answer, booked, returned
from oracle.measure.records.content import load
from oracle.model.errors import DifferencesFound, InputError

_MOST_BYTES = 64 << 20


OutOption = Annotated[
    Path | None, typer.Option(help="File to write.", show_default="./<message id> with the ending of the format")
]


@app.command("file")
def file_(run: RunArgument, out: OutOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Write a confirmed run's payments for the bank. The same run gives the same file for ever.

    The format is `profile` of [settlement.bank] in config.toml: `pain` (ISO 20022 pain.001, the default), `sepa` (the same as SEPA asks),
    `cn-csv` or `cn-xlsx` (the table of Chinese online banking). Names and banks of merchants are those of `carbonbook merchant set`.

        carbonbook settle file 2023-01.1 --out january.xml
    """
    from oracle.ledger.settle.file import (
        bank_file,
    )  # schema and classes take a second that other commands need not wait

    office = Office(home)
    payer = office.payer()
    made = bank_file(office.here.book.database, office.book, run, payer)
    office.show(
        {
            "file": str(_written(made.file, out)),
            "message_id": made.file.name,
            "currency": payer.currency,
            "payments": [vars(payment) for payment in made.payments],
            "total_minor": sum(payment.minor for payment in made.payments),
        },
        json,
    )


@app.command("returned")
def returned_(
    file: Annotated[Path, typer.Argument(help="A pain.002 or a camt.054 of the bank.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Read which transfers the bank refused or sent back, and why. They wait until `settle again` pays them.

    carbonbook settle returned camt054.xml
    """
    _take(file, home, json, returned, take_returned)


@app.command("booked")
def booked_(
    file: Annotated[Path, typer.Argument(help="A camt.053 of the bank.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Compare a bank statement with the bank files: which transfers are booked, and whether the amounts are those told.

    Ends with exit code 8 if an amount differs.

        carbonbook settle booked camt053.xml
    """
    _take(file, home, json, booked, take_booked)


@app.command("again")
def again_(
    run: RunArgument,
    who: Annotated[
        str, typer.Option(help="Who says so, and why, for example 'Li Na: new account, confirmed by phone'.")
    ],
    out: OutOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write a file that pays again what the bank sent back of a run, under new identifiers. Correct the merchant's bank account first.

    carbonbook settle again 2023-01.1 --who "Li Na: new account, confirmed by phone"
    """
    from oracle.ledger.settle.file import file_again  # schema and classes take a second

    office = Office(home)
    made = file_again(office.here.book.database, office.book, run, office.payer(), who)
    show({"file": str(_written(made, out)), "message_id": made.name, "by": who}, json)


def _written(file: StoredFile, out: Path | None) -> Path:
    path = out or Path(f"{file.name}{file.ending}")
    try:
        write_file(path, file.content)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(path), field="--out") from error
    return path


def _take(
    file: Path,
    home: Path | None,
    json: bool,
    read: Callable[[bytes, str], list[Answer]],
    take: Callable[[Connection, Sequence[Answer], int], Taken],
) -> None:
    office = Office(home)
    answers = read(load(file, _MOST_BYTES), file.name)
    payer = office.payer()
    with office.here.book.database.begin() as connection:
        taken = take(connection, answers, payer.decimals)
    rows = [vars(each) for each in taken.transfers]
    office.show({"transfers": rows, "of_others": taken.others, "differences": list(taken.differences)}, json)
    if taken.differences:
        raise DifferencesFound(f"{len(taken.differences)} amounts of {file.name} are not those of the bank files.")
    if taken.transfers and read is returned:
        say("Correct the bank accounts with `carbonbook merchant set`, then `carbonbook settle again RUN`.")
