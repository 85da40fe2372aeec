"""The engine: acts in, creditable quantities out. Pure, columnar, integers only.

Every act ends either in the result, with a quantity above zero and the intermediate numbers that led to it, or in a finding for each of
its rows. The result of an act depends on the act, the rule and, where the rule has a baseline, on the subject's own earlier acts; never
on the order or on how the input was split.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from oracle.measure.quantify.baseline import AT, PRESENT, on_one_axis, previous_days, year_before
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.plan import QUANTITY
from oracle.measure.quantify.rule import Rule
from oracle.measure.quantify.schema import PreviousDays, RecordField, YearBefore
from oracle.model.errors import InputError, MethodologyError
from oracle.model.findings import FINDING_SCHEMA

_ACT = "_act"  # position of a reading among the acts; null in history
_KNOWN = "_known"  # whether there is a baseline
_TWICE = "_twice"  # whether another reading begins on the same day
_MET = "_met"  # whether another reading shares a day


@dataclass(frozen=True)
class Quantified:
    """Result of one table of acts under one rule.

    Attributes:
        acts: Acts that bring something, with `quantity` and the intermediate columns of the rule, all Int64.
        findings: Why the others bring nothing, one line for each of their rows.
    """

    acts: pl.DataFrame
    findings: pl.DataFrame


def quantify(
    acts: pl.DataFrame, rule: Rule, history: pl.DataFrame | None = None, *, file: str | None = None
) -> Quantified:
    """Creditable quantities of `acts` under `rule`.

    Args:
        acts: Acts of the rule's scenario (`oracle.model.acts`), with the columns of its method.
        rule: An active rule.
        history: Earlier acts of the same scenario, for the baseline; acts that stand in both count once.
        file: Name of the file the acts are from, for the findings.

    Raises:
        MethodologyError: the rule may not be credited.
        InputError: a column is missing.
    """
    if rule.status is not Status.ACTIVE:
        raise MethodologyError(
            f"{rule.id} version {rule.version} is {rule.status} and cannot be credited: {rule.reason}"
        )
    given = [field for field in rule.method.fields.values() if not field.computed]
    frame = _with_defaults(acts, given, rule)
    refused: list[pl.DataFrame] = []

    frame, missing = _split(frame, pl.any_horizontal(pl.col(field.column).is_null() for field in given))
    refused.append(_findings(missing, "missing_field", [field.column for field in given], file))
    frame, outside = _split(frame, ~_applies(rule))
    refused.append(_findings(outside, "no_methodology", [], file, rule=rule.id, version=rule.version))
    for field in given:
        frame, beyond = _split(frame, ~_in_range(field))
        refused.append(_out_of_range(beyond, field, file))

    if rule.method.baseline is not None:
        frame, clashes = _with_baseline(frame, rule, history, given)
        refused.append(_findings(clashes, "overlap", [], file, reason="two records of one household for one time"))
    for name, expr in rule.plan.columns:
        frame = frame.with_columns(expr.alias(name))
    frame, nothing = _split(frame, pl.col(QUANTITY) <= 0)
    refused.extend(_without_quantity(nothing, rule, file))

    shown = [*acts.columns, *(name for name in _explanation(rule) if name not in acts.columns), QUANTITY]
    return Quantified(frame.select(shown), pl.concat(refused))


def _with_defaults(acts: pl.DataFrame, given: list[RecordField], rule: Rule) -> pl.DataFrame:
    absent = [field for field in given if field.column not in acts.columns]
    needed = [field.column for field in absent if field.default is None]
    if needed:
        raise InputError(
            f"acts of {rule.scenario} need the column {', '.join(needed)}; found {', '.join(acts.columns)}"
        )
    defaults = [
        pl.lit(field.in_base(field.default), pl.Int64).alias(field.column)
        for field in absent
        if field.default is not None
    ]
    return acts.drop(name for name in _explanation(rule) if name in acts.columns).with_columns(defaults)


def _explanation(rule: Rule) -> list[str]:
    """Columns that explain a quantity: computed fields, then steps."""
    computed = [field.column for field in rule.method.fields.values() if field.computed]
    return computed + [step.name for step in rule.method.steps]


def _split(frame: pl.DataFrame, bad: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that go on, and rows that do not."""
    mask = frame.select(bad.fill_null(True).alias("bad")).to_series()
    return (frame, frame.clear()) if not mask.any() else (frame.filter(~mask), frame.filter(mask))


def _applies(rule: Rule) -> pl.Expr:
    begun = (pl.col("day") >= rule.from_day) & pl.col("region").str.starts_with(rule.region)
    return begun if rule.to_day is None else begun & (pl.col("day") <= rule.to_day)


def _in_range(field: RecordField) -> pl.Expr:
    return pl.col(field.column).is_between(field.in_base(field.min), field.in_base(field.max))


def _out_of_range(beyond: pl.DataFrame, field: RecordField, file: str | None) -> pl.DataFrame:
    least, most = field.in_base(field.min), field.in_base(field.max)
    return _findings(beyond, "out_of_range", [field.column], file, least=least, most=most)


def _with_baseline(
    frame: pl.DataFrame, rule: Rule, history: pl.DataFrame | None, given: list[RecordField]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Adds the computed columns; without a baseline they are 0 and `present` says how much history there was.

    A household has one reading for a day: of several nobody can say which is right, so none of them is used. Nor is a bill credited that
    shares days with another. Acts among them are the second frame.
    """
    spec = rule.method.baseline
    computed = [field.column for field in rule.method.fields.values() if field.computed]
    readings = _readings(frame, history, given, rule)
    same_day = _like_above(AT)
    readings = readings.with_columns(
        (same_day | same_day.shift(-1)).fill_null(False).alias(_TWICE), _meets_another(spec).alias(_MET)
    )
    clashing = readings.filter(pl.col(_TWICE) | pl.col(_MET), pl.col(_ACT).is_not_null())[_ACT].sort()
    readings = readings.filter(~pl.col(_TWICE))
    if isinstance(spec, PreviousDays):
        readings = previous_days(readings, spec, rule.constants[spec.vacancy], (computed[0], computed[1]))
    elif spec is not None:
        readings = year_before(readings, spec, computed[0])
    known = pl.col(computed[0]).is_not_null().alias(_KNOWN)
    filled = [pl.col(name).fill_null(0) for name in computed]
    mine = readings.filter(pl.col(_ACT).is_not_null(), ~pl.col(_MET)).sort(_ACT)
    placed = mine.select(_ACT, PRESENT, known, *filled)
    return frame[placed[_ACT]].hstack(placed.drop(_ACT)), frame[clashing]


def _readings(frame: pl.DataFrame, history: pl.DataFrame | None, given: list[RecordField], rule: Rule) -> pl.DataFrame:
    """Acts and history as one table in the order of `AT`; an act that stands in both is there once, as an act."""
    fields = [field.column for field in given]
    columns = ["record_key", "subject", "day", *fields]
    parts = [frame.select(columns).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(_ACT))]
    if history is not None:
        earlier = _with_defaults(history, given, rule).select(columns)
        parts.append(earlier.with_columns(pl.lit(None, pl.Int64).alias(_ACT)))
    sound = pl.all_horizontal(_in_range(field) for field in given)
    table = on_one_axis(pl.concat(parts).filter(sound)).sort(AT, _ACT, *fields, nulls_last=True)
    again = _like_above(AT, "record_key") & pl.col(_ACT).is_null()
    return table.filter(~again.fill_null(False))


def _meets_another(spec: PreviousDays | YearBefore | None) -> pl.Expr:
    """Whether a reading shares a day with another of its household; readings in the order of `AT`, whose households lie far apart."""
    stops = pl.col(AT) + (pl.col(spec.length) if isinstance(spec, YearBefore) else 1)
    met_before, met_after = pl.col(AT) < stops.cum_max().shift(1), stops > pl.col(AT).shift(-1)
    return met_before.fill_null(False) | met_after.fill_null(False)


def _like_above(*columns: str) -> pl.Expr:
    return pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in columns)


def _without_quantity(nothing: pl.DataFrame, rule: Rule, file: str | None) -> list[pl.DataFrame]:
    """Findings for acts without a quantity: no baseline, or no reduction against it."""
    values = [field.column for field in rule.method.fields.values() if field.column in nothing.columns]
    values += [step.name for step in rule.method.steps]
    if rule.method.baseline is None:
        return [_findings(nothing, "no_reduction", values, file)]
    known, unknown = _split(nothing, ~pl.col(_KNOWN))
    return [
        _findings(known, "no_reduction", values, file),
        _findings(unknown, "no_baseline", [rule.method.baseline.of, PRESENT], file, needed=rule.method.baseline.needed),
    ]


def _findings(
    rows: pl.DataFrame, code: str, columns: list[str], file: str | None, **constants: int | str
) -> pl.DataFrame:
    """One finding for each source row of the acts, with the values of `columns` and `constants` in canonical JSON."""
    if not rows.height:
        return pl.DataFrame(schema=FINDING_SCHEMA)
    fields = {name: pl.col(name) for name in columns} | {name: pl.lit(value) for name, value in constants.items()}
    ordered = [fields[name].alias(name) for name in sorted(fields)]
    values = pl.struct(ordered).struct.json_encode() if ordered else pl.lit("{}")
    return rows.select(
        pl.lit(code).alias("code"),
        pl.lit(file, pl.String).alias("file"),
        pl.col("rows").alias("row"),
        values.alias("values"),
    ).explode("row")
