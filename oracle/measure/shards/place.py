"""Tables by URL: Parquet on a disk or in an object store, whatever fsspec opens. A table is there whole or not at all."""

from __future__ import annotations

import io
import os
from uuid import uuid4

import fsspec
import polars as pl


def write_table(url: str, table: pl.DataFrame) -> None:
    """Writes a table. An object store shows an object when it is whole; on a disk a draft is moved into its place."""
    content = io.BytesIO()
    table.write_parquet(content, compression="zstd", compression_level=1)
    files, path = fsspec.core.url_to_fs(url)
    if "file" in files.protocol:
        draft = f"{path}.{uuid4().hex}.draft"
        files.makedirs(os.path.dirname(path), exist_ok=True)
        files.pipe_file(draft, content.getvalue())
        os.replace(draft, path)
    else:
        files.pipe_file(path, content.getvalue())


def read_table(url: str) -> pl.DataFrame:
    """Reads a table."""
    files, path = fsspec.core.url_to_fs(url)
    return pl.read_parquet(io.BytesIO(files.cat_file(path)))
