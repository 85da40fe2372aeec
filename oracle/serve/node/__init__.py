"""The committee as processes of their own: each recomputes what another installation closed, and signs what it finds the same.

What members of one committee share: the records secret, without which nobody can tell which person or record a line of a file is; and,
for the time of one comparison, the register of people with their salts, which a node takes into memory and does not keep. What they do
not share: their keys, their copies of the inputs, their view of the chain, and the custody secret, which never leaves the operator.
"""
