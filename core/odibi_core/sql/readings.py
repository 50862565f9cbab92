"""The errors of DuckDB that people meet, and how each is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from odibi_core.errors import did_you_mean
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of DuckDB's, taken apart.

    Attributes:
        message: What DuckDB says, without the position.
        offset: The character of the step's SQL that it is about; None where DuckDB does not say.
        sql: The step's SQL.
        inputs: The step's inputs; the schema is None where it is unknown.
    """

    message: str
    offset: int | None
    sql: str
    inputs: Mapping[str, Schema | None]


Reading = tuple[str, str]
Reader = Callable[[Fault, re.Match[str]], Reading]


def read_fault(fault: Fault) -> Reading:
    """What is wrong and how to mend it; DuckDB's own first sentence where the error is not known."""
    # Compiled when an error is read: a run without one has no use for them.
    for pattern, read in _READERS:
        if match := re.search(pattern, fault.message):
            return read(fault, match)
    return _sentence(fault.message), ""


def _sentence(message: str) -> str:
    first = message.split("\n", 1)[0].strip().rstrip("!.")
    return first[:1].lower() + first[1:] if first[1:2].islower() else first


def _column(fault: Fault, match: re.Match[str]) -> Reading:
    name = match["name"]
    qualifier = match.groupdict().get("table") or ""
    inputs = {alias: schema for alias, schema in fault.inputs.items() if schema is not None}
    owners = {alias: schema for alias, schema in inputs.items() if alias.casefold() == qualifier.casefold()}
    what = f"there is no column {name!r}" + (f" in {qualifier!r}" if qualifier else "")
    columns: dict[str, list[str]] = {}
    for alias, schema in (owners or inputs).items():
        for column in schema.names:
            columns.setdefault(column, []).append(alias)
    hint = did_you_mean(name, columns)
    if fault.offset is not None and fault.sql[fault.offset : fault.offset + 1] == '"' and name not in columns:
        return what, f"{hint + ' ' if hint.startswith('did') else ''}A text stands in single quotes: '{name}'"
    if hint.startswith("did you mean") and len(inputs) > 1:
        near = re.findall(r"'([^']*)'", hint)
        hint = f"did you mean {' or '.join(_owned(column, columns) for column in near)}?"
    elif hint and not hint.startswith("did you mean"):
        hint = "; ".join(
            f"{alias!r} has the columns {', '.join(schema.names[:20])}" + (", …" if len(schema) > 20 else "")
            for alias, schema in (owners or inputs).items()
        )
    return what, hint


def _owned(column: str, columns: Mapping[str, list[str]]) -> str:
    owners = columns.get(column, [])
    return f"{column!r} of {' and '.join(repr(owner) for owner in owners)}" if owners else repr(column)


def _join_column(fault: Fault, match: re.Match[str]) -> Reading:
    name, side = match["name"], match["side"]
    owners = [alias for alias, schema in fault.inputs.items() if schema and name in schema.names]
    if not owners:
        return _column(fault, match)
    return (
        f"USING needs the column {name!r} on both sides of the join, and the {side} side has none",
        "join with ON and name the two columns",
    )


def _qualifier(fault: Fault, match: re.Match[str]) -> Reading:
    near = re.search(r"Candidate tables: (.*)", fault.message)
    tables = re.findall(r'"([^"]+)"', near[1]) if near else []
    return f"{match['name']!r} is none of the tables of this query", did_you_mean(match["name"], tables)


def _table(fault: Fault, match: re.Match[str]) -> Reading:
    name = match["name"].strip('"')
    if not fault.inputs:
        return (
            f"there is no input {name!r}: the step has no inputs",
            f"name the dataset under the step's inputs, as {name!r}",
        )
    known = ", ".join(repr(alias) for alias in fault.inputs)
    hint = did_you_mean(name, fault.inputs)
    noun = "input" if len(fault.inputs) == 1 else "inputs"
    fix = (
        hint if hint.startswith("did you mean") else f"add {name!r} to the step's inputs, or use one of them"
    )
    return f"there is no input {name!r}: the step has the {noun} {known}", fix


def _function(fault: Fault, match: re.Match[str]) -> Reading:
    name = match["name"]
    near = re.search(r'Did you mean "([^"]+)"', fault.message)
    return f"there is no function {name!r}", f"did you mean {near.group(1)!r}?" if near else ""


def _extension(_: Fault, match: re.Match[str]) -> Reading:
    return (
        f"the function {match['name']!r} reads outside the pipeline",
        "read the source in an ingest step and name its dataset under the step's inputs",
    )


def _file(_: Fault, match: re.Match[str]) -> Reading:
    return (
        f"a SQL step reads its inputs only, and this one reads {match['name']!r}",
        "add an ingest step for it and name its dataset under the step's inputs: "
        "so the source shows in lineage, and a change of it is noticed",
    )


def _arguments(fault: Fault, match: re.Match[str]) -> Reading:
    name, types = match["name"], _types(match["types"])
    if not re.match(r"\w", name):
        sides = types.split(", ")
        return f"{' and '.join(sides)} can't go together with {name}", _cast_hint(sides)
    fix = "the arguments must have other types or another number: convert them with CAST(… AS …)"
    if forms := re.findall(rf"^\s*(\"?{re.escape(name)}\"?\([^\n]*?\)) ->", fault.message, re.MULTILINE):
        shown = " or ".join(form.replace(", /)", ")").replace("(arg ", "(") for form in forms[:3])
        fix = f"it takes {shown}"
    return f"{name} can't take ({types})", fix


def _types(text: str) -> str:
    return text.replace("INTEGER_LITERAL", "INTEGER").replace("STRING_LITERAL", "VARCHAR")


def _cast_hint(types: list[str]) -> str:
    other = next((name for name in types if name != "VARCHAR"), "")
    if "VARCHAR" in types and other:
        return f"convert the text with CAST(… AS {other}), or TRY_CAST where not every text can be converted"
    return "convert one side with CAST(… AS …)"


def _compare(_: Fault, match: re.Match[str]) -> Reading:
    left, right = _types(match["left"]), _types(match["right"])
    return f"{left} and {right} can't be compared or mixed", _cast_hint([left, right])


_CONNECTIVES = "SELECT FROM WHERE BY AND OR NOT ON JOIN AS IN HAVING LIMIT WITH UNION ALL = < > + - * / , ("
_WANTS_MORE = frozenset(_CONNECTIVES.split())


def _syntax(fault: Fault, match: re.Match[str]) -> Reading:
    word, fix = match["name"], "look at what stands just before it"
    if not word:
        return "the SQL stops where more is expected", "complete it"
    if fault.offset is None:
        return f"SQL can't go on with {word!r}", fix
    if word.upper() in _WANTS_MORE and not fault.sql[fault.offset + len(word) :].strip("; \n"):
        return f"the SQL stops after {word!r}, where more is expected", "complete it"
    before = fault.sql[: fault.offset].split()
    return f"SQL can't go on with {word!r}" + (f" after {before[-1]!r}" if before else ""), fix


# Messages at run time name types as DuckDB stores them.
_STORED = {"INT8": "TINYINT", "INT16": "SMALLINT", "INT32": "INTEGER", "INT64": "BIGINT", "INT128": "HUGEINT"}
_STORED |= {f"U{stored}": f"U{name}" for stored, name in _STORED.items()} | {"BOOL": "BOOLEAN"}


def _type(stored: str) -> str:
    return _STORED.get(stored, stored)


def _text_conversion(fault: Fault, match: re.Match[str]) -> Reading:
    found = match.groupdict()
    if found.get("type"):
        target = _type(found["type"])
    else:
        target = (
            "TIMESTAMP" if "timestamp" in fault.message else "TIME" if "time" in fault.message else "DATE"
        )
    source = re.search(r"when casting from source column (\S+)", fault.message)
    place = f" in the column {source[1]!r}" if source else ""
    return (
        f"the text {found['name']!r}{place} can't be read as {_kind(target)}",
        f"TRY_CAST(… AS {target}) gives null instead",
    )


def _kind(type_: str) -> str:
    base = type_.upper().split("(")[0]
    if base in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT") or base.startswith(("INT", "UINT")):
        return f"a whole number ({type_})"
    if base in ("DOUBLE", "FLOAT", "DECIMAL"):
        return f"a number ({type_})"
    return {"DATE": "a date", "BOOLEAN": "true or false"}.get(base, type_)


def _range(_: Fault, match: re.Match[str]) -> Reading:
    return (
        f"the value {match['name']} is out of range for {_type(match['type'])}",
        "convert to a larger type, such as BIGINT, DOUBLE or DECIMAL(38, 2)",
    )


def _overflow(_: Fault, match: re.Match[str]) -> Reading:
    return (
        f"the {match['name']} of two {_type(match['type'])} values is too large: {match['values']}",
        "convert one of them to a larger type first: DOUBLE, or DECIMAL(38, 2)",
    )


def _date_format(_: Fault, match: re.Match[str]) -> Reading:
    return (
        f"the text {match['name']!r} can't be read by the pattern {match['pattern']!r}",
        "try_strptime gives null instead; or mend the pattern",
    )


def _says(what: str, fix: str = "") -> Reader:
    """A reading that fills what the pattern found into two texts."""
    return lambda _, match: (what.format(**match.groupdict()), fix.format(**match.groupdict()))


_READERS: tuple[tuple[str, Reader], ...] = (
    (r'^Referenced column "?(?P<name>.+?)"? (?:was )?not found', _column),
    (r'^(?:Table|Values list) "(?P<table>.+?)" does not have a column named "(?P<name>.+?)"', _column),
    (r'^Column "(?P<name>.+?)" in (?:EXCLUDE|REPLACE|RENAME) list not found', _column),
    (r'^Column "(?P<name>.+?)" does not exist on (?P<side>\w+) side of join', _join_column),
    (r"^Table with name (?P<name>.+?) does not exist", _table),
    (r'^Referenced table "(?P<name>.+?)" not found', _qualifier),
    (r'Function with name "?(?P<name>\S+?)"? is not in the catalog, but it exists', _extension),
    (r"^(?:\w+ )*Function with name (?P<name>\S+) does not exist", _function),
    (r'^Cannot access (?:file|directory) "(?P<name>[^"]+)"', _file),
    (
        r"^No function matches the given name and argument types '(?P<name>.+?)\((?P<types>.*?)\)'\.",
        _arguments,
    ),
    (r"^Cannot compare values of type (?P<left>.+?) and (?:type )?(?P<right>.+?)(?: in| -)", _compare),
    (r"^Cannot mix values of type (?P<left>.+?) and (?:type )?(?P<right>.+?)(?: in| -)", _compare),
    (
        r'^Ambiguous reference to column name "(?P<name>.+?)" \(use: (?P<near>.+)\)',
        _says("the column {name!r} is in more than one table", "say which: {near}"),
    ),
    (
        r'^column "(?P<name>.+?)" must appear in the GROUP BY clause',
        _says(
            "the column {name!r} is neither grouped nor aggregated",
            'add it to GROUP BY, or use ANY_VALUE("{name}") where any of its values will do',
        ),
    ),
    (
        r"^(?P<clause>WHERE|GROUP BY|ON|JOIN condition)?.*cannot contain aggregates",
        _says("an aggregate can't stand in {clause}", "filter groups with HAVING"),
    ),
    (
        r"is not an table$|^Can only (?:delete from|update|merge into) base table",
        _says(
            "a SQL step only reads its inputs",
            "write a SELECT, and a store step for what is to be written",
        ),
    ),
    (
        r"aggregate function calls cannot be nested",
        _says("an aggregate stands inside another", "use a subquery"),
    ),
    (
        r"^Set operations can only apply to expressions with the same number",
        _says(
            "the two sides of the set operation have different numbers of columns",
            "give both the same columns, or use UNION ALL BY NAME",
        ),
    ),
    (
        r"^Type with name (?P<name>.+?) does not exist",
        _says(
            "there is no type {name!r}",
            "common types: BIGINT, DOUBLE, DECIMAL(18, 2), VARCHAR, DATE, TIMESTAMP",
        ),
    ),
    (
        r"^Values were not provided for the following (?:prepared statement )?parameters",
        _says("the SQL has a parameter mark (? or $1)", "write a parameter of the pipeline as {{name}}"),
    ),
    (r'^syntax error at (?:or near "(?P<name>.*)"|end of input)', _syntax),
    (
        r"^(?P<name>unterminated .*?)(?: at or near.*)?$",
        _says("there is an {name}", "close it"),
    ),
    (
        r"^Deprecated lambda arrow",
        _says(
            "the arrow -> is no longer the mark of a lambda",
            "write lambda x: x + 1 in place of x -> x + 1",
        ),
    ),
    (
        r"Could not convert string (?P<q>['\"])(?P<name>.*?)(?P=q) to (?P<type>[A-Z]\w*(?:\([^)]*\))?)",
        _text_conversion,
    ),
    (r"^(?:invalid )?(?:date|timestamp|time) field \w+[^:]*: \"(?P<name>.*?)\"", _text_conversion),
    (
        r"^Type VARCHAR with value '(?P<name>.*?)' can't be cast to the destination type (?P<type>\S+)",
        _text_conversion,
    ),
    (
        r"Could not parse string \"(?P<name>.*?)\" according to format specifier \"(?P<pattern>.*?)\"",
        _date_format,
    ),
    (
        r"with value (?P<name>\S+) can't be cast because the value is out of range "
        r"for the destination type (?P<type>\S+)",
        _range,
    ),
    (r'^Casting value "(?P<name>.*?)" to type (?P<type>\S+) failed: value is out of range', _range),
    (r"^Overflow in (?P<name>\w+) of (?P<type>\w+) \((?P<values>.*)\)", _overflow),
    (
        r"^Malformed JSON at byte (?P<at>\d+) of input: (?P<why>.*?)\.  Input: \"(?P<name>.*)\"",
        _says("the text {name!r} is not JSON: {why} at byte {at}", "TRY_CAST(… AS JSON) gives null instead"),
    ),
    (
        r"^Unimplemented type for cast \((?P<left>.*) -> (?P<right>.*)\)",
        _says(
            "{left} can't be converted to {right}",
            "convert to VARCHAR first, if its text is what you mean",
        ),
    ),
    (
        r"[Dd]ivision by zero",
        _says("something is divided by zero", "divide by NULLIF(…, 0), which gives null instead"),
    ),
    (
        r"(?:failed to (?:allocate|pin)|[Oo]ut of [Mm]emory|could not allocate)",
        _says(
            "the memory that the step may use does not suffice",
            "give the run more memory, or let the step handle less at once: fewer columns, a filter "
            "before the join, no collecting of whole groups into lists",
        ),
    ),
    (r"^Interrupted|INTERRUPT", _says("the query was stopped before it ended")),
    (
        r"^More than one row returned by a subquery",
        _says(
            "a subquery that stands for one value gives several rows",
            "add LIMIT 1, an aggregate, or a condition that leaves one",
        ),
    ),
    (
        r"Max expression depth limit",
        _says("the SQL is nested too deeply", "split it into several steps"),
    ),
)
