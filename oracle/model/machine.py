"""What a machine can run out of, and whose fault an unreadable file is."""

from __future__ import annotations

import errno

from oracle.model.errors import CarbonbookError, StoreError

_MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO)

REMEDY = {
    errno.ENOSPC: "Free disk space and repeat the command; no committed data is lost.",
    errno.EDQUOT: "Free disk space and repeat the command; no committed data is lost.",
    errno.EFBIG: "Allow larger files (ulimit -f) and repeat the command; no committed data is lost.",
    errno.EMFILE: "Allow more open files (ulimit -n) and repeat the command.",
    errno.ENFILE: "The machine has too many open files. Close some and repeat the command.",
    errno.EACCES: "Give this user permission to access it and repeat the command.",
    errno.EROFS: "Mount the disk for writing and repeat the command.",
}


def blamed(error: OSError, unreadable: CarbonbookError) -> CarbonbookError:
    """Why a file of somebody else's could not be read: the file itself, or a machine on which no file could be read now."""
    return (
        StoreError(f"{unreadable} {REMEDY.get(error.errno or 0, '')}".rstrip())
        if error.errno in _MACHINE
        else unreadable
    )
