"""Records that a person types: field names, units and words become whole base units, or a sentence that says what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

from oracle.measure.quantify.schema import Method, RecordField
from oracle.model.errors import InputError

_LARGEST_EXPONENT = 24


@dataclass(frozen=True)
class Fit:
    """How well a record fits a method's fields.

    Attributes:
        keys: Key of the record by field name.
        unknown: Keys that are no field.
        missing: Required fields that the record lacks.
    """

    keys: Mapping[str, str]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.unknown and not self.missing


def fit(method: Method, record: Mapping[str, object]) -> Fit:
    """Which fields the keys of a record mean: a field's name, one of its aliases, or its column in base units."""
    keys: dict[str, str] = {}
    for name, field in method.fields.items():
        for key in (name, *field.aliases, field.column):
            if key in record:
                keys[name] = key
                break
    unknown = tuple(key for key in record if key not in keys.values())
    missing = tuple(name for name, field in method.fields.items() if name not in keys and field.default is None)
    return Fit(keys, unknown, missing)


def misfit(method: Method, fitted: Fit) -> str:
    """What a person must change so that the record fits."""
    sentences: list[str] = []
    for key in fitted.unknown:
        near = get_close_matches(key, method.fields, n=1)
        sentences.append(f"'{key}' is not a field" + (f", did you mean {near[0]}?" if near else ""))
    if fitted.missing:
        wanted = ", ".join(
            f"{name} ({method.fields[name].en}, {written_unit(method.fields[name])})" for name in fitted.missing
        )
        sentences.append(f"missing: {wanted}")
    sentences.append(f"fields: {', '.join(method.fields)}")
    return "; ".join(sentences)


def written_unit(field: RecordField) -> str:
    """Unit of a field for people, or its words."""
    if field.choices:
        return " or ".join(field.choices)
    return "a number" if field.unit == "-" else field.unit


def values(method: Method, record: Mapping[str, object], fitted: Fit) -> dict[str, int]:
    """Columns of the record in whole base units, defaults filled in.

    Raises:
        InputError: a value is not a number, is negative, or is no word of the field.
    """
    columns: dict[str, int] = {}
    for name, field in method.fields.items():
        key = fitted.keys.get(name)
        if key is not None:
            columns[field.column] = _value(name, field, record[key], in_base=key == field.column and key != name)
        elif field.default is not None:
            columns[field.column] = field.in_base(field.default)
    return columns


def _value(name: str, field: RecordField, value: object, *, in_base: bool) -> int:
    if field.choices and isinstance(value, str):
        return _choice(name, field, value)
    number = _number(name, field, value)
    return int(number) if in_base else field.in_base(str(number))


def _choice(name: str, field: RecordField, word: str) -> int:
    words = [choice.casefold() for choice in field.choices]
    if word.strip().casefold() not in words:
        raise InputError(f"'{word}' is not one of {', '.join(field.choices)}", field=name)
    return words.index(word.strip().casefold())


def _number(name: str, field: RecordField, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise InputError(f"{value!r} is not a number in {written_unit(field)}", field=name)
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise InputError(f"'{value}' is not a number in {written_unit(field)}", field=name) from error
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise InputError(f"'{value}' is too large or too precise for a record", field=name)
    if number < 0:
        raise InputError(f"{value} is negative; it must be 0 or more", field=name)
    return number


def out_of_range(method: Method, columns: Mapping[str, int]) -> list[str]:
    """A sentence for each value outside its field's range: such a record would be set aside."""
    sentences = []
    for name, field in method.fields.items():
        if field.column in columns and not field.in_base(field.min) <= columns[field.column] <= field.in_base(
            field.max
        ):
            unit = "" if field.unit == "-" else f" {field.unit}"
            sentences.append(
                f"{name} is outside {field.min} to {field.max}{unit}: such a record would be set aside as out of range"
            )
    return sentences
