"""`carbonbook certify`: claims on credits, one file for each person's part."""

from oracle.cli.ledger.certify import claiming, issuing, reversing, showing, verifying
from oracle.cli.ledger.certify.desk import app

__all__ = ["app", "claiming", "issuing", "reversing", "showing", "verifying"]
