"""Tell good acts from bad ones, and say why."""
