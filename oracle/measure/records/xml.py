"""XML from strangers, read as a stream: no entities, no outside references, and damage told in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ErrorString

from defusedxml.common import DefusedXmlException

from oracle.measure.records.content import named_errors
from oracle.model.errors import InputError


@contextmanager
def sound_xml(file: str) -> Iterator[None]:
    """Reading XML with `defusedxml.ElementTree.iterparse` in this context, damage is an InputError that names the file."""
    try:
        with named_errors(file):
            yield
    except ParseError as error:
        raise InputError(f"the XML is not well-formed, or cut off: {_where(error)}", file=file) from error
    except DefusedXmlException as error:
        raise InputError(
            f"the XML declares entities or outside references, which is refused: {type(error).__name__}", file=file
        ) from error
    except (LookupError, ValueError) as error:
        reason = "unknown encoding" if isinstance(error, LookupError) else "an encoding that no reader takes"
        raise InputError(f"the XML cannot be decoded, save it as UTF-8: {reason}", file=file) from error


def _where(error: ParseError) -> str:
    """What is wrong and where, and nothing of what stands there."""
    line, column = error.position
    return f"{ErrorString(error.code)}, line {line}, column {column}"
