"""One class per contract: methods named as on chain, what they take and give as types. No other place names a contract or a function."""
