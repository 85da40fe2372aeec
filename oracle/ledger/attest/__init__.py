"""Headers and the signatures of the committee."""
