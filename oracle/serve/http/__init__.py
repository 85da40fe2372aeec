"""What every HTTP service shares: bodies, signatures, problems, the server."""
