"""PIVOT and UNPIVOT of DuckDB as Spark has them: sums under a condition, and UNPIVOT behind FROM."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from odibi_core.schema import quote
from odibi_core.sql.spark_columns import Columns
from odibi_core.sql.spark_gaps import refuse

if TYPE_CHECKING:
    from sqlglot import exp

_NO_VALUES = "name the values: ON column IN ('a', 'b')"


def write_pivots_out(tree: exp.Expr, columns: Columns) -> exp.Expr:
    """The tree with every PIVOT, and UNPIVOT as a statement, written out. It is changed."""
    from sqlglot import exp

    for pivot in reversed(list(tree.find_all(exp.Pivot))):
        if pivot.arg_key == "pivots":
            if not pivot.args.get("unpivot"):
                _behind_from(pivot, columns)
            continue
        made = _unpivoted(pivot, columns) if pivot.args.get("unpivot") else _statement(pivot, columns)
        if pivot is tree:
            tree = made
        else:
            pivot.replace(made)
    return tree


def _statement(pivot: exp.Pivot, columns: Columns) -> exp.Expr:
    group = pivot.args.get("group")
    groups = [key.sql("duckdb") for key in group.expressions] if group is not None else None
    names = None if groups is not None else columns.of_source(pivot.this)
    with_ = pivot.args.get("with_")
    begin = f"{with_.sql('duckdb')} " if with_ is not None else ""
    text = _grouped(pivot.this.sql("duckdb"), pivot.expressions, pivot.args.get("using"), groups, names)
    return _read(begin + text)


def _behind_from(pivot: exp.Pivot, columns: Columns) -> None:
    source = pivot.parent
    assert source is not None
    alias = pivot.alias or source.alias_or_name
    bare = source.copy()
    bare.set("pivots", [each.copy() for each in source.args["pivots"] if each is not pivot])
    group = pivot.args.get("group")
    groups = [key.sql("duckdb") for key in group.expressions] if group is not None else None
    names = None if groups is not None else columns.of_source(_standing(bare, source))
    fields = pivot.args.get("fields") or []
    query = _read(_grouped(bare.sql("duckdb"), fields, pivot.expressions, groups, names))
    source.replace(query.subquery(alias or "_pivoted"))


def _standing(bare: exp.Expr, source: exp.Expr) -> exp.Expr:
    """The copy, as if it stood where the original does."""
    bare.parent = source.parent
    return bare


def _grouped(
    source: str,
    fields: list[exp.Expr],
    using: list[exp.Expr] | None,
    groups: list[str] | None,
    names: tuple[str, ...] | None,
) -> str:
    from sqlglot import exp

    aggregates = using or [exp.Count(this=exp.Star(), big_int=True)]
    for field in fields:
        if not isinstance(field, exp.In) or field.args.get("query") or field.args.get("field"):
            refuse("PIVOT over values that only the rows tell", _NO_VALUES)
    if groups is None:
        if names is None:
            refuse("PIVOT of unknown columns", "say what it is grouped by: GROUP BY column")
        used = {
            column.name.casefold() for each in (*fields, *aggregates) for column in each.find_all(exp.Column)
        }
        groups = [quote(name) for name in names if name.casefold() not in used]
    made = []
    for values in product(*([(field.this, value) for value in field.expressions] for field in fields)):
        name = "_".join(_value_name(value) for _, value in values)
        condition = " AND ".join(
            f"{key.sql('duckdb')} IS NOT DISTINCT FROM {value.unalias().sql('duckdb')}"
            for key, value in values
        )
        for aggregate in aggregates:
            own = aggregate.alias or (aggregate.sql("duckdb").lower() if len(aggregates) > 1 else "")
            text = _under(aggregate.unalias(), condition)
            made.append(f"{text} AS {quote(f'{name}_{own}' if own else name)}")
    by = f" GROUP BY {', '.join(groups)}" if groups else ""
    return f"SELECT {', '.join([*groups, *made])} FROM {source}{by}"


def _value_name(value: exp.Expr) -> str:
    from sqlglot import exp

    if value.alias:
        return value.alias
    if isinstance(value, (exp.Literal, exp.Column)):
        return value.name
    return value.sql("duckdb").lower() if isinstance(value, exp.Boolean) else value.sql("duckdb")


def _under(aggregate: exp.Expr, condition: str) -> str:
    """The aggregate over the rows that fulfil the condition."""
    from sqlglot import exp

    def narrowed(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.AggFunc) and not isinstance(node.parent, exp.Filter):
            return exp.Filter(this=node.copy(), expression=exp.Where(this=_read_condition(condition)))
        return node

    if aggregate.find(exp.Filter) is not None:
        refuse("PIVOT with FILTER", "filter the rows in a step before")
    return aggregate.copy().transform(narrowed).sql("duckdb")


def _unpivoted(pivot: exp.Pivot, columns: Columns) -> exp.Expr:
    from sqlglot import exp

    into = pivot.args.get("into")
    name = into.this.sql("duckdb") if into is not None else "name"
    values = [column.sql("duckdb") for column in into.expressions] if into is not None else ["value"]
    if len(values) != 1:
        refuse("UNPIVOT into several columns", "unpivot each in a step of its own and join them")
    on: list[str] = []
    for each in pivot.expressions:
        if isinstance(each, (exp.Columns, exp.Star)):
            known = columns.of_source(pivot.this)
            if known is None:
                refuse("UNPIVOT of unknown columns", "name the columns")
            from odibi_core.sql.spark_chosen import chosen_names

            on += [quote(column) for column in chosen_names(each, known)]
        else:
            on.append(each.sql("duckdb"))
    return _read(
        f"SELECT * FROM {pivot.this.sql('duckdb')} UNPIVOT ({values[0]} FOR {name} IN ({', '.join(on)}))"
    )


def _read(text: str) -> exp.Select:
    import sqlglot
    from sqlglot import exp

    made = sqlglot.parse_one(text, dialect="duckdb")
    assert isinstance(made, exp.Select)
    return made


def _read_condition(text: str) -> exp.Expr:
    import sqlglot

    return sqlglot.parse_one(text, dialect="duckdb")
