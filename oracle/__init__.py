"""Carbonbook's oracle: turns records of citizens' acts into evidence, points, payments and reports.

Folders are steps, in the order of the data: records, validate, quantify, evidence, attest, credit, redeem, settle, report. `chain` and
`store` are the edges; nothing else imports web3 or opens a database.
"""
