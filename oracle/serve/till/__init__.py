"""The counter over HTTP: merchants send vouchers and read their statements."""
