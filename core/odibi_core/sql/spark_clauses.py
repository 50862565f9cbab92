"""Clauses that DuckDB has and Spark has not, put into others before the functions are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from odibi_core.sql.spark_columns import Columns, spark_name
from odibi_core.sql.spark_gaps import refuse

if TYPE_CHECKING:
    from sqlglot import exp


def plain_clauses(tree: exp.Expr, columns: Columns) -> None:
    """Put what Spark's grammar lacks into clauses that it has. `tree` is changed."""
    from sqlglot import exp

    for cte in tree.find_all(exp.CTE):
        cte.set("materialized", None)
    for values in tree.find_all(exp.Values):
        _name_values(values)
    for name in tree.find_all(exp.Identifier):
        if not name.name.isascii():
            name.set("quoted", True)
    for table in list(tree.find_all(exp.Table)):
        _unnest_ranges(table)
        _sample_apart(table)
    for inner in reversed(list(tree.find_all(exp.Comprehension))):
        _spell_comprehension_out(inner)
    for attempt in list(tree.find_all(exp.Try)):
        if isinstance(attempt.this, exp.Cast):
            cast = attempt.this.copy()
            attempt.replace(exp.TryCast(this=cast.this, to=cast.args["to"], safe=True))
    for window in list(tree.find_all(exp.Window)):
        _collect_distinct(window)
    for select in tree.find_all(exp.Select):
        _spell_windows_out(select)
        _drop_empty_group(select)
        _say_lateral(select)
        _join_nearest(select)
        _spell_aliases_out(select, columns)


def _spell_comprehension_out(inner: exp.Comprehension) -> None:
    """[x + 1 FOR x IN l IF x > 1] as TRANSFORM over FILTER."""
    from sqlglot import exp

    if inner.args.get("position") is not None:
        refuse("position in a list comprehension", "write list_transform(l, lambda x, i: …)")
    name, items = inner.expression, inner.args["iterator"].copy()

    def parameter(node: exp.Expr) -> exp.Expr:
        is_meant = (
            isinstance(node, exp.Column) and not node.table and node.name.casefold() == name.name.casefold()
        )
        return name.copy() if is_meant else node

    def body(part: exp.Expr) -> exp.Lambda:
        return exp.Lambda(this=part.copy().transform(parameter), expressions=[name.copy()])

    if (condition := inner.args.get("condition")) is not None:
        items = exp.ArrayFilter(this=items, expression=body(condition))
    assert inner.parent is not None
    inner.parent.replace(exp.Transform(this=items, expression=body(inner.this)))


def _collect_distinct(window: exp.Window) -> None:
    """COUNT(DISTINCT x) OVER (…) as the size of a set, which Spark has in windows too."""
    from sqlglot import exp

    count = window.this
    if not isinstance(count, exp.Count) or not isinstance(count.this, exp.Distinct):
        return
    if len(count.this.expressions) == 1:
        held = window.copy()
        held.set("this", exp.Anonymous(this="collect_set", expressions=[count.this.expressions[0].copy()]))
        window.replace(exp.ArraySize(this=held))


def _name_values(values: exp.Values) -> None:
    """Columns of VALUES without names are col0 and so on."""
    from sqlglot import exp

    alias = values.args.get("alias")
    above = values.parent
    if (alias is not None and alias.columns) or not isinstance(above, (exp.From, exp.Join, exp.Subquery)):
        return
    rows = values.expressions
    width = len(rows[0].expressions) if rows else 0
    columns = [exp.to_identifier(f"col{place}") for place in range(width)]
    name = alias.this if alias is not None and alias.this else exp.to_identifier("_values")
    values.set("alias", exp.TableAlias(this=name, columns=columns))


def _unnest_ranges(table: exp.Table) -> None:
    """FROM range(5) is what unnest(range(5)) gives."""
    from sqlglot import exp

    series = table.this
    if not isinstance(series, exp.GenerateSeries):
        return
    own = "range" if series.args.get("is_end_exclusive") else "generate_series"
    alias = table.args.get("alias")
    name = alias.this if alias is not None else exp.to_identifier(own)
    columns = alias.columns if alias is not None and alias.columns else [exp.to_identifier(own)]
    table.replace(
        exp.Unnest(expressions=[series.copy()], alias=exp.TableAlias(this=name.copy(), columns=list(columns)))
    )


def _sample_apart(table: exp.Table) -> None:
    """A sample of a table is one of a query: Spark takes the first rows of a table for a sample."""
    from sqlglot import exp

    if (sample := table.args.get("sample")) is None:
        return
    bare = table.copy()
    bare.set("sample", None)
    bare.set("alias", None)
    query = exp.select("*").from_(bare)
    query.set("sample", sample.copy())
    table.replace(query.subquery(table.alias_or_name))


def _join_nearest(select: exp.Select) -> None:
    """ASOF JOIN as the first row of a LATERAL query."""
    from sqlglot import exp

    for join in select.args.get("joins") or ():
        side, on = (join.args.get("side") or "").upper(), join.args.get("on")
        if (join.args.get("method") or "").upper() != "ASOF" or side not in ("", "LEFT") or on is None:
            continue
        alias = join.this.alias_or_name
        parts = list(on.flatten()) if isinstance(on, exp.And) else [on]
        keys = [each for each in parts if isinstance(each, (exp.GT, exp.GTE, exp.LT, exp.LTE))]
        if len(keys) != 1:
            continue
        (key,) = keys
        theirs = [
            each
            for each in (key.this, key.expression)
            if isinstance(each, exp.Column) and each.table.casefold() == alias.casefold()
        ]
        if len(theirs) != 1:
            continue
        is_before = isinstance(key, (exp.GT, exp.GTE)) == (theirs[0] is key.expression)
        nearest = exp.select("*").from_(join.this.copy()).where(on.copy())
        order = exp.Ordered(this=theirs[0].copy(), desc=is_before, nulls_first=False)
        nearest = nearest.order_by(order).limit(1)
        named = exp.TableAlias(this=spark_name(alias))
        lateral = exp.Lateral(this=exp.Subquery(this=nearest), alias=named)
        join.set("this", lateral)
        join.set("method", None)
        join.set("kind", None if side else "INNER")
        join.set("on", exp.true())


def _spell_windows_out(select: exp.Select) -> None:
    """OVER w, and OVER (w ROWS …), with what WINDOW says of w."""
    named = {window.this.name.casefold(): window for window in select.args.get("windows") or ()}
    if not named:
        return
    for window in _own_windows(select):
        given = named.get(window.alias.casefold()) if window.alias else None
        seen = 0
        while given is not None and seen <= len(named):
            for part in ("partition_by", "order", "spec"):
                value = given.args.get(part)
                if value and not window.args.get(part):
                    window.set(
                        part, [each.copy() for each in value] if isinstance(value, list) else value.copy()
                    )
            given, seen = (named.get(given.alias.casefold()) if given.alias else None), seen + 1
        window.set("alias", None)
    select.set("windows", None)


def _own_windows(select: exp.Select) -> Iterator[exp.Window]:
    from sqlglot import exp

    for window in list(select.find_all(exp.Window)):
        if window.parent_select is select and window.arg_key != "windows":
            yield window


def _drop_empty_group(select: exp.Select) -> None:
    """GROUP BY () is what an aggregate without GROUP BY does."""
    from sqlglot import exp

    group = select.args.get("group")
    keys = group.expressions if group is not None else []
    if len(keys) == 1 and isinstance(keys[0], exp.Tuple) and not keys[0].expressions:
        select.set("group", None)


def _say_lateral(select: exp.Select) -> None:
    """A query behind FROM that reads columns of what stands before it is a LATERAL one."""
    from sqlglot import exp

    source = select.args.get("from_")
    before = {source.this.alias_or_name.casefold()} if source is not None else set()
    for join in select.args.get("joins") or ():
        query = join.this
        if isinstance(query, exp.Subquery) and before:
            own = {
                each.alias_or_name.casefold()
                for inner in query.find_all(exp.Select)
                for each in _behind_from(inner)
            }
            asked = {column.table.casefold() for column in query.find_all(exp.Column) if column.table}
            if asked & (before - own):
                alias = query.args.get("alias")
                bare = query.copy()
                bare.set("alias", None)
                query.replace(exp.Lateral(this=bare, alias=alias.copy() if alias is not None else None))
        before.add(join.this.alias_or_name.casefold())


def _behind_from(select: exp.Select) -> Iterator[exp.Expr]:
    if (source := select.args.get("from_")) is not None:
        yield source.this
    for join in select.args.get("joins") or ():
        yield join.this


def _spell_aliases_out(select: exp.Select, columns: Columns) -> None:
    """A name of SELECT in WHERE and GROUPING stands for its expression, where no column has it."""
    from sqlglot import exp

    places = [*([select.args["where"]] if select.args.get("where") else []), *select.find_all(exp.Grouping)]
    places += select.find_all(exp.GroupingId)
    known, sources = set[str](), columns.sources(select)
    for _, _, names in sources:
        if names is None:
            return
        known |= {name.casefold() for name in names}
    _refuse_rows(select, {alias.casefold() for alias, _, _ in sources} - known)
    if not places:
        return
    meant = {
        projection.alias.casefold(): projection.this
        for projection in select.expressions
        if isinstance(projection, exp.Alias) and projection.alias.casefold() not in known
    }
    for _ in range(len(meant)):
        found = [
            column
            for place in places
            for column in place.find_all(exp.Column)
            if not column.table and column.name.casefold() in meant and column.parent_select is select
        ]
        if not found:
            return
        for column in found:
            column.replace(exp.paren(meant[column.name.casefold()].copy()))


def _refuse_rows(select: exp.Select, tables: set[str]) -> None:
    """A table's name as a value is its row as a struct."""
    from sqlglot import exp

    aliases = {each.alias.casefold() for each in select.expressions if isinstance(each, exp.Alias)}
    for column in select.find_all(exp.Column):
        name = column.name.casefold()
        if not column.table and name in tables - aliases and column.parent_select is select:
            refuse(f"row as a value ({column.name})", "write the struct out: {'a': t.a, 'b': t.b}")
