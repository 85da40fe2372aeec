"""Keys: the keyring, signers, custody."""
