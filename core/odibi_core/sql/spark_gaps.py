"""What DuckDB has and Spark lacks: refused by name before anything runs, with a way to write it instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn

from odibi_core.errors import SqlError
from odibi_core.sql.spark_names import SPARK_FUNCTIONS

if TYPE_CHECKING:
    from sqlglot import exp

_ELSEWHERE = "have this step run on DuckDB (engine: pandas)"


def refuse(what: str, instead: str = "") -> NoReturn:
    """Say that Spark can't do `what`, and what to write.

    Raises:
        SqlError: Always.
    """
    raise SqlError(
        f"on Spark there is no {what}", fix=f"{instead}, or {_ELSEWHERE}" if instead else _ELSEWHERE
    )


def check_functions(sql: str) -> None:
    """See that Spark has all functions of a text that was translated.

    Raises:
        SqlError: It lacks one.
    """
    from sqlglot.dialects import Databricks
    from sqlglot.tokenizer_core import TokenType

    tokens = Databricks().tokenize(sql)
    for before, token, behind in zip([None, *tokens], tokens, tokens[1:], strict=False):
        if behind.token_type is not TokenType.L_PAREN or not _WORD.fullmatch(token.text):
            continue
        name = token.text.lower()
        is_quoted = token.token_type is TokenType.IDENTIFIER
        is_named = before is not None and before.text.upper() in _BEFORE_NAMES
        if is_quoted or is_named or name in SPARK_FUNCTIONS or name in GRAMMAR_WORDS:
            continue
        own = _own_name(name)
        refuse(f"function {own}()", _INSTEAD.get(own, _INSTEAD.get(name, "")))


def _own_name(name: str) -> str:
    """What DuckDB calls the function that the translation named so."""
    from sqlglot import exp

    kind = exp.FUNCTION_BY_NAME.get(name.upper())
    written = kind().sql("duckdb") if kind is not None else name
    return written.partition("(")[0].lower() if _WORD.match(written) else name


_WORD = re.compile(r"[A-Za-z]\w*")
_BEFORE_NAMES = ("AS", ".", "WITH", "RECURSIVE", ")", "`")
_GRAMMAR = """
    and or not in exists as on from where when then else select all any some over by values interval is
    between like ilike rlike limit offset having join using union except intersect lateral distinct case
    group rollup cube sets filter pivot unpivot for tablesample array struct map decimal varchar char with
    percent rows nulls recursive window view within escape semi anti cross inner outer left right full
    """
GRAMMAR_WORDS = frozenset(_GRAMMAR.split())
_INSTEAD: Mapping[str, str] = {
    "histogram": "count in a GROUP BY",
    "entropy": "reckon with LOG2 over the shares of a GROUP BY",
    "geomean": "write exp(avg(ln(x)))",
    "sem": "write stddev_pop(x) / sqrt(count(x))",
    "date_bin": "use date_trunc",
    "time_bucket": "use date_trunc",
    "age": "use date_diff with a unit",
    "struct_insert": "write the struct out: {'a': s.a, 'b': 1}",
    "struct_update": "write the struct out: {'a': s.a, 'b': 1}",
    "row": "name the fields: {'a': x, 'b': y}",
    "like_escape": "write x LIKE pattern ESCAPE '$'",
    "strip_accents": "replace the letters with translate()",
    "list_zip": "unnest both lists in steps before",
    "list_median": "unnest the list and use median()",
    "julian": "use date_diff('day', …)",
    "make_time": "keep the time as a text or as seconds",
    "time_from_parts": "keep the time as a text or as seconds",
    "alias": "write the name",
    "json_object": "write to_json({'a': x})",
    "json_array": "write to_json([x, y])",
    "json_group_array": "write to_json(list(x))",
    "json_valid": "",
    "getvariable": "use a parameter of the pipeline: ${name}",
    "fdiv": "write floor(a / b)",
    "fmod": "write a % b",
    "even": "write ceil(x / 2) * 2",
    "nextafter": "",
    "typeof": "the plan tells the types of all columns",
}
_HINTS = {
    "Collate": "compare lower(x)",
    "PositionalColumn": "name the column",
    "Typeof": "the plan tells the types of all columns",
    "Columns": "name the columns",
    "FromJson": "read single values: x ->> 'a'",
}


def check_constructs(tree: exp.Expr) -> None:
    """See that nothing is left in the tree that Spark's grammar has no word for.

    Raises:
        SqlError: Something is.
    """
    from sqlglot import exp

    if not isinstance(tree, (exp.Query, exp.Values)):
        refuse(f"{tree.key.upper()} as a step", "write a SELECT")
    for node in tree.walk():
        if check := _CHECKS.get(type(node).__name__):
            check(node)


def _no(what: str) -> Callable[[exp.Expr], None]:
    return lambda node: refuse(what, _HINTS.get(type(node).__name__, ""))


def refused_call(name: str) -> None:
    """See that a function's name does not mean something else on Spark.

    Raises:
        SqlError: It does.
    """
    if name in _OTHERS:
        refuse(f"{name.lower()}() as in DuckDB", _OTHERS[name])


_OTHERS = {
    "FROM_JSON_STRICT": "read single values: x ->> 'a'",
    "JSON_TRANSFORM": "read single values: x ->> 'a'",
    "DATE_PART": "write one date_part() a part",
}


def _compared(node: exp.Expr) -> None:
    from sqlglot import exp

    if node.find(exp.Query) is None:
        refuse(f"comparison with {node.key.upper()} of a list", "write list_contains(l, x)")
    if not isinstance(node.parent, exp.EQ):
        refuse(f"comparison with {node.key.upper()} of a query", "compare with min() or max() of the query")


def _frame(node: exp.Expr) -> None:
    if node.args.get("kind") == "GROUPS":
        refuse(
            "GROUPS frame",
            "number the groups with dense_rank() in a step before, and use RANGE over it",
        )
    if node.args.get("exclude"):
        refuse("EXCLUDE in a frame", "subtract what is to be left out")


def _ordered_window(node: exp.Expr) -> None:
    from sqlglot import exp

    inner = node.this
    if inner.find(exp.Order) is not None and not isinstance(inner, exp.WithinGroup):
        refuse("order within a window function", "put the ORDER BY into OVER (…)")
    if inner.find(exp.Distinct) is not None:
        refuse("DISTINCT in a window function", "count in a GROUP BY and join the result")


_SHORT = {"argmax": "arg_max", "argmin": "arg_min"}


def _best_of(node: exp.Expr) -> None:
    if node.args.get("count"):
        refuse(
            f"{_SHORT.get(node.key, node.key)}() of several values",
            "sort and slice a list: list(x ORDER BY y)[:2]",
        )


def _join(node: exp.Expr) -> None:
    method = (node.args.get("method") or "").upper()
    if method == "ASOF":
        refuse(
            "ASOF JOIN of this kind",
            "say ON, with one comparison (>=, >, <=, <) of t.a and u.b",
        )
    if method == "POSITIONAL":
        refuse("POSITIONAL JOIN", "number the rows of both with row_number() and join on it")


def _limit(node: exp.Expr) -> None:
    from sqlglot import exp

    options = node.args.get("limit_options")
    if options is not None and options.args.get("percent"):
        refuse("LIMIT in percent", "use QUALIFY percent_rank() OVER (…) < 0.4")
    if node.find(exp.Query) is not None:
        refuse("LIMIT by a query", "use QUALIFY row_number() OVER (…) <= n")


def _order(node: exp.Expr) -> None:
    from sqlglot import exp

    if any(isinstance(key.this, exp.Star) for key in node.expressions if isinstance(key, exp.Ordered)):
        refuse("ORDER BY *", "write ORDER BY ALL")


def _dotted(node: exp.Expr) -> None:
    from sqlglot import exp

    if isinstance(node.expression, (exp.Func, exp.Anonymous)):
        name = node.expression.name or node.expression.key
        refuse(f"function behind a dot (.{name}())", f"write {name}(…) around the value")


def _interval(node: exp.Expr) -> None:
    if node.args.get("unit") is None:
        refuse(f"interval {node.sql('duckdb')}", "add one interval a unit: INTERVAL 1 MONTH + INTERVAL 2 DAY")


def _array(node: exp.Expr) -> None:
    from sqlglot import exp

    if any(isinstance(each, exp.Query) for each in node.expressions):
        refuse("ARRAY(SELECT …)", "use list() in a query of its own and join it")


def _in(node: exp.Expr) -> None:
    from sqlglot import exp

    if any(isinstance(each, exp.Values) for each in (node.args.get("query"), *node.expressions)):
        refuse("IN (VALUES …)", "write the values alone: IN (1, 2)")


def _explode(node: exp.Expr) -> None:
    from sqlglot import exp

    above = node.parent
    if node.expressions:
        refuse("unnest() with options", "unnest once more in a step behind")
    if isinstance(node.this, exp.Struct):
        refuse("unnest() of a struct", "write s.*")
    if isinstance(above, exp.Alias):
        above = above.parent
    if not isinstance(above, exp.Select):
        refuse("unnest() within an expression", "unnest in a step before, or in FROM")
    made = [each.this if isinstance(each, exp.Alias) else each for each in above.expressions]
    if sum(isinstance(each, exp.Explode) for each in made) > 1:
        refuse("unnest() of two lists side by side", "unnest one in a step of its own")


def _unnest(node: exp.Expr) -> None:
    if node.args.get("offset"):
        refuse("WITH ORDINALITY", "unnest positions: unnest(range(1, len(l) + 1)) AS q(o), and read l[o]")


def _slice(node: exp.Expr) -> None:
    if node.args.get("step"):
        refuse("slice with a step", "choose by the position: list_filter(l, lambda x, i: i % 2 = 1)")


def _recursive(node: exp.Expr) -> None:
    from sqlglot import exp

    if not node.args.get("recursive"):
        return
    for cte in node.expressions:
        query = cte.this
        refers = any(table.name.casefold() == cte.alias.casefold() for table in query.find_all(exp.Table))
        if refers and isinstance(query, exp.Union) and query.args.get("distinct"):
            refuse("recursive UNION", "use UNION ALL with a limit to the depth")


def _time(node: exp.Expr) -> None:
    from sqlglot import exp

    if node.this in (exp.DType.TIME, exp.DType.TIMETZ):
        refuse("type TIME", "keep the time as a text: strftime(x, '%H:%M:%S')")
    if node.this is exp.DType.BIT or node.this is exp.DType.ENUM:
        refuse(f"type {node.sql('duckdb')}", "use a text or a whole number")


_CHECKS: Mapping[str, Callable[[exp.Expr], None]] = {
    "WindowSpec": _frame,
    "Window": _ordered_window,
    "ArgMax": _best_of,
    "ArgMin": _best_of,
    "Max": _best_of,
    "Min": _best_of,
    "Join": _join,
    "Limit": _limit,
    "Order": _order,
    "Dot": _dotted,
    "Interval": _interval,
    "Array": _array,
    "In": _in,
    "Explode": _explode,
    "With": _recursive,
    "Unnest": _unnest,
    "Slice": _slice,
    "DataType": _time,
    "Collate": _no("COLLATE of DuckDB's"),
    "PositionalColumn": _no("column by its position (#1)"),
    "Any": _compared,
    "All": _compared,
    "Typeof": _no("type's name as in DuckDB"),
    "Columns": _no("COLUMNS(…) here"),
    "FromJson": _no("from_json() as in DuckDB"),
    "Try": _no("TRY(…) but around a cast"),
}
