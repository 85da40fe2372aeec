"""Tables as files: CSV, plots, pages, folders."""
