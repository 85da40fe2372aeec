"""What citizens get of the money that their reductions brought: rounds, pushes, claims, payouts, sweeps."""
