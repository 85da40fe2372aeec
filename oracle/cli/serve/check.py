"""`carbonbook check`: what is wrong before the first round, and what to do."""

from __future__ import annotations

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.installation import Installation


@app.command()
def check(home: HomeOption = None, json: JsonOption = False) -> None:
    """Check keys, database, disk, node, contracts, committee, gas money, operators, reserve, prices and methodologies.

    Nothing is sent. Exit code 4: a check failed.

        carbonbook check
    """
    from oracle.serve.upkeep.preflight import preflight, require

    findings = list(preflight(Installation.at(home, looks_itself=True)))
    show(
        {
            "ok": all(finding.ok for finding in findings),
            "checks": [
                {
                    "": "✓" if finding.ok else "✗",
                    "check": finding.check,
                    "found": finding.found,
                    "what_to_do": finding.remedy,
                }
                for finding in findings
            ],
        },
        json,
    )
    require(findings)
