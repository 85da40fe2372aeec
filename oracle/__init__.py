"""Carbonbook's oracle: turns records of citizens' acts into evidence, points, payments and reports.

The rooms, lowest first; each imports only from its own floor or below: `model` (nouns), `config`, `edge` (keys, store, chain), `measure`
(what an act is worth), `ledger` (what becomes of it on chain), `report` (what anybody can say about it), `sandbox`, `serve`, `cli`.
"""
