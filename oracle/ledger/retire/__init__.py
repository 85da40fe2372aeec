"""Retirements and what proves them: certificates, pictures, pages, credentials."""
