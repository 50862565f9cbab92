"""What can be told of a SELECT by reading it: its inputs, how rows come through, where columns come from.

`is_row_preserving` is asked of every step, so it looks at words alone. The others load a parser, and are for
those who ask: lineage, the Studio.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from odibi_core.errors import SqlError
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema
from odibi_core.sql.statement import read_statement, skip_blank

if TYPE_CHECKING:
    from sqlglot import exp

# Functions that give one value for each row they see; others may aggregate, or make rows.
_ROW_WISE_NAMES = """
    abs cast try_cast ceil ceiling floor round trunc sign sqrt pow power ln log log10 exp mod greatest
    least coalesce ifnull nullif if upper lower trim ltrim rtrim lpad rpad length substring substr left right
    replace concat concat_ws contains starts_with ends_with strpos split_part reverse repeat regexp_replace
    regexp_extract regexp_matches strftime strptime try_strptime date_trunc date_part date_diff date_add year
    month day hour minute second quarter week dayofweek last_day make_date md5 sha256 decimal varchar
"""
_CLAUSES_THAT_MAY_CHANGE_THE_COUNT = """
    where group having limit offset fetch distinct union intersect except join qualify sample tablesample
    pivot unpivot unnest with lateral using window over
"""
_BEFORE_PARENTHESES = "as in and or not then else when exclude by"
ROW_WISE = frozenset(f"{_ROW_WISE_NAMES} {_BEFORE_PARENTHESES}".split())
"""Words that may stand before parentheses where a row gives one row, whatever is in the parentheses."""

_MAY_CHANGE_COUNT = frozenset(_CLAUSES_THAT_MAY_CHANGE_THE_COUNT.split())
_VOLATILE = frozenset(
    [
        "random",
        "rand",
        "randn",
        "uuid",
        "uuidv4",
        "uuidv7",
        "gen_random_uuid",
        "setseed",
        "nextval",
        "shuffle",
        "array_shuffle",
    ]
)
_CLAUSES = frozenset(["where", "group", "having", "qualify", "order", "limit", "offset", "window", "select"])
_SEVERAL = frozenset(
    ["join", "union", "intersect", "except", "with", "pivot", "unpivot", "unnest", "lateral"]
)
_SAMPLING = ("using", "sample")
_TOKEN = re.compile(
    r"""(?P<hidden>'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/) | (?P<quoted>"(?:[^"]|"")*") | (?P<word>[^\W\d]\w*)
      | (?P<mark>\S)""",
    re.VERBOSE | re.DOTALL,
)

_TIME = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
      | (?P<time>\b(?:current_(?:date|time|timestamp) | local(?:time|timestamp)
      | (?:now|today|curdate|get_current_time|get_current_timestamp|transaction_timestamp|unix_timestamp)
        \s*\( ))""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""Finds what is another value in every run; quoted texts and comments are passed over."""


def is_row_preserving(sql: str, inputs: Collection[str]) -> bool:
    """Whether the result surely has as many rows as the one input: a projection of it, perhaps sorted.

    False may only mean that it can't be told by looking at the words.
    """
    if len(inputs) != 1:
        return False
    (alias,) = inputs
    tokens = [
        (found.lastgroup, found.group()) for found in _TOKEN.finditer(sql) if found.lastgroup != "hidden"
    ]
    words = [text.casefold() if kind == "word" else "" for kind, text in tokens]
    if words[:1] not in (["select"], ["from"]) or words.count("select") > 1 or words.count("from") != 1:
        return False
    if not _MAY_CHANGE_COUNT.isdisjoint(words) or any(text == ";" for _, text in tokens[:-1]):
        return False
    calls = {words[i] for i in range(len(tokens) - 1) if words[i] and tokens[i + 1][1] == "("}
    if not calls <= ROW_WISE | {
        "as",
        "in",
        "and",
        "or",
        "not",
        "then",
        "else",
        "when",
        "select",
        "exclude",
        "by",
    }:
        return False
    if any(tokens[i][0] == "quoted" and tokens[i + 1][1] == "(" for i in range(len(tokens) - 1)):
        return False
    source = tokens[words.index("from") + 1 :]
    return (
        bool(source) and _names(source[0], alias) and not any(text == "," for _, text in _until_order(source))
    )


def reads_once(sql: str) -> bool:
    """Whether the text surely is one SELECT that reads one table once: no join, no query inside.

    False may only mean that it can't be told by looking at the words.
    """
    tokens = [
        (found.lastgroup, found.group()) for found in _TOKEN.finditer(sql) if found.lastgroup != "hidden"
    ]
    words = [text.casefold() if kind == "word" else "" for kind, text in tokens]
    if words.count("from") != 1 or words.count("select") > 1 or not _SEVERAL.isdisjoint(words):
        return False
    source = tokens[words.index("from") + 1 :]
    if not source or source[0][0] not in ("word", "quoted"):
        return False
    end = next((i for i, word in enumerate(words[-len(source) :]) if word in _CLAUSES), len(source))
    return not any(text in (",", "(") for _, text in source[:end])


def has_pivot(sql: str) -> bool:
    """Whether the text pivots: DuckDB then looks the values up before the query runs, and only in tables."""
    if "pivot" not in sql.casefold():
        return False
    return any(
        found.lastgroup == "word" and found.group().casefold() in ("pivot", "pivot_wider")
        for found in _TOKEN.finditer(sql)
    )


def is_volatile(sql: str) -> bool:
    """Whether the text draws by chance or counts on: run a second time, it gives other rows.

    The time of day does not count: it is one moment for a whole query.
    """
    tokens = [found for found in _TOKEN.finditer(sql) if found.lastgroup != "hidden"]
    words = [found.group().strip('"').casefold() for found in tokens]
    return any(
        (word in _VOLATILE and next_word == "(") or word == "tablesample" or (word, next_word) == _SAMPLING
        for word, next_word in zip(words, [*words[1:], ""], strict=True)
    )


def tells_time(sql: str) -> bool:
    """Whether the text asks for the time, or the day: another run gives other rows."""
    return any(found.lastgroup == "time" for found in _TIME.finditer(sql))


def _names(token: tuple[str | None, str], alias: str) -> bool:
    kind, text = token
    name = text[1:-1].replace('""', '"') if kind == "quoted" else text
    return kind in ("word", "quoted") and name.casefold() == alias.casefold()


def _until_order(tokens: list[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    for position, (kind, text) in enumerate(tokens):
        if kind == "word" and text.casefold() in ("order", "select"):
            return tokens[:position]
    return tokens


@dataclass(frozen=True, slots=True)
class Analysis:
    """What reading a SELECT tells.

    Attributes:
        tables: The tables it reads that it does not define itself, each once.
        is_blocking: Whether it needs all rows of an input before it gives the first: it aggregates, sorts,
            removes duplicates, joins, or looks through windows.
        preserves_order: Whether the rows come in the order of the one input, as far as they come.
    """

    tables: tuple[str, ...]
    is_blocking: bool
    preserves_order: bool


def analyse(sql: str) -> Analysis:
    """What can be told of one SELECT in DuckDB's dialect.

    Raises:
        SqlError: The text can't be read as one SELECT.
    """
    from sqlglot import exp

    tree = read_query(sql)
    blocking = (
        *(exp.AggFunc, exp.Window, exp.Group, exp.Order, exp.Distinct, exp.Join, exp.Pivot, exp.Having),
        *(exp.Except, exp.Intersect),
    )
    is_blocking = any(isinstance(node, blocking) or _is_union_distinct(node) for node in tree.walk())
    tables = _tables(tree)
    simple = (
        len(tables) == 1 and not is_blocking and not any(tree.find_all(exp.SetOperation, exp.TableSample))
    )
    return Analysis(tables, is_blocking, simple)


def column_lineage(sql: str, inputs: Mapping[str, Schema]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Output column → the input columns that its value is made of, each as (alias, column).

    A column whose origin can't be told, as behind a PIVOT, has none.

    Raises:
        SqlError: The text can't be read as one SELECT.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify

    schema: dict[str, object] = {alias: columns.as_dict() for alias, columns in inputs.items()}
    try:
        tree = qualify(read_query(sql), schema=schema, dialect="duckdb", validate_qualify_columns=False)
        names = [column.alias_or_name for column in tree.selects]
    except SqlglotError:
        return {}
    known = {alias.casefold(): alias for alias in inputs}
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for name in names:
        sources: dict[tuple[str, str], None] = {}
        try:
            root = lineage(name, tree.copy(), schema=schema, dialect="duckdb")
        except SqlglotError:
            found[name] = ()
            continue
        for node in root.walk():
            if isinstance(node.expression, exp.Table) and node.expression.name.casefold() in known:
                column = node.name.rpartition(".")[2].strip('"')
                sources[known[node.expression.name.casefold()], column] = None
        found[name] = tuple(sources)
    return found


def read_query(sql: str) -> exp.Query:
    """The tree of one SELECT in DuckDB's dialect.

    Raises:
        SqlError: The text can't be read as one SELECT.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    text = read_statement(sql).text
    try:
        tree = sqlglot.parse_one(text[skip_blank(text, 0) :], dialect="duckdb")
    except SqlglotError as error:
        raise SqlError("the SQL can't be read", fix=str(error).split("\n", 1)[0]) from error
    if not isinstance(tree, exp.Query):
        raise SqlError("the SQL is not a SELECT", fix="write a SELECT")
    return tree


def _tables(tree: exp.Query) -> tuple[str, ...]:
    from sqlglot import exp

    own = {cte.alias.casefold() for cte in tree.find_all(exp.CTE)}
    tables = {table.name.casefold(): table.name for table in tree.find_all(exp.Table) if table.name}
    return tuple(name for folded, name in tables.items() if folded not in own)


def _is_union_distinct(node: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Union) and bool(node.args.get("distinct"))
