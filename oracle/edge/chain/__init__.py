"""The edge to the chain: the only place that imports web3."""
