"""Which columns of which sources meet in joins: so that samples hold rows that find each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from odibi_core.engines.operations import Query, Scan
from odibi_core.errors import SqlError
from odibi_core.nodes.base import Node
from odibi_core.schema import Schema
from odibi_core.sql.analysis import column_lineage
from odibi_core.step import Step

_FARTHEST = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A column of a source.

    Attributes:
        step: The step that reads the source.
        column: The column.
    """

    step: str
    column: str


def join_keys(
    steps: Sequence[Step], nodes: Mapping[str, Node], schemas: Mapping[str, Schema | None]
) -> list[tuple[Place, Place]]:
    """Pairs of source columns that a join compares, in the order of the data.

    Where a step with several inputs compares nothing that can be told, columns of the same name and type
    count.

    Args:
        steps: Every step after the ones it needs.
        nodes: Name → compiled step.
        schemas: Dataset key → columns.
    """
    origins = _Origins(steps, nodes, schemas)
    found: dict[tuple[Place, Place], None] = {}
    for step in steps:
        if len(step.inputs) < 2 and not isinstance(nodes[step.name].operation, Query):
            continue
        for left, right in _pairs(step, nodes[step.name], schemas):
            one, other = origins.find(*left), origins.find(*right)
            if one is not None and other is not None and one.step != other.step:
                found[one, other] = None
    return list(found)


Port = tuple[str, str]


def _pairs(step: Step, node: Node, schemas: Mapping[str, Schema | None]) -> Iterator[tuple[Port, Port]]:
    """Pairs of dataset and column that a step compares."""
    inputs = {alias.casefold(): key for alias, key in step.inputs.items()}
    known = {alias: schemas.get(key) for alias, key in inputs.items()}
    pairs: list[tuple[Port, Port]] = []
    if isinstance(node.operation, Query):
        owners = {
            column.casefold(): [alias for alias, schema in known.items() if schema and column in schema.names]
            for schema in known.values()
            for column in (schema.names if schema else ())
        }
        for (table, column), (other, theirs) in compared(node.operation.sql):
            ours = inputs.get(table) or _only(owners.get(column.casefold(), []), inputs)
            facing = inputs.get(other) or _only(owners.get(theirs.casefold(), []), inputs)
            if table == other == "":
                holders = [inputs[alias] for alias in owners.get(column.casefold(), [])]
                pairs += [((holders[0], column), (holder, column)) for holder in holders[1:]]
            elif ours and facing:
                pairs.append(((ours, column), (facing, theirs)))
    if not pairs and len(inputs) > 1:
        (first, *others) = inputs.values()
        for key in others:
            one, two = schemas.get(first), schemas.get(key)
            if one is not None and two is not None:
                same = set(one) & set(two)
                pairs += [((first, name), (key, name)) for name, type_ in one if (name, type_) in same]
    yield from pairs


def _only(aliases: Sequence[str], inputs: Mapping[str, str]) -> str:
    return inputs[aliases[0]] if len(aliases) == 1 else ""


@lru_cache(maxsize=512)
def compared(sql: str) -> tuple[tuple[tuple[str, str], tuple[str, str]], ...]:
    """Pairs of (table, column) that joins of a SELECT in DuckDB's dialect ask to be equal, aliases resolved.

    The table is "" where the text does not say it, as with USING.
    """
    if "join" not in sql.casefold() and "where" not in sql.casefold():
        return ()
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except SqlglotError:
        return ()
    tables = {table.alias_or_name.casefold(): table.name.casefold() for table in tree.find_all(exp.Table)}

    def place(column: exp.Column) -> tuple[str, str]:
        name = column.table.casefold()
        return tables.get(name, name), column.name

    found: list[tuple[tuple[str, str], tuple[str, str]]] = []
    for join in tree.find_all(exp.Join):
        found += [(("", name.name), ("", name.name)) for name in join.args.get("using") or []]
    for equal in tree.find_all(exp.EQ):
        left, right = equal.left, equal.right
        if isinstance(left, exp.Column) and isinstance(right, exp.Column):
            found.append((place(left), place(right)))
    return tuple(found)


class _Origins:
    """Finds the source column that a column of a dataset comes from."""

    def __init__(
        self, steps: Sequence[Step], nodes: Mapping[str, Node], schemas: Mapping[str, Schema | None]
    ) -> None:
        self._nodes, self._schemas = nodes, schemas
        self._makers = {key: step for step in steps for key in step.outputs.values()}

    def find(self, dataset: str, column: str) -> Place | None:
        """The place; None where it is no plain column of one source."""
        for _ in range(_FARTHEST):
            maker = self._makers.get(dataset)
            if maker is None:
                return None
            operation = self._nodes[maker.name].operation
            if isinstance(operation, Scan):
                schema = self._schemas.get(dataset)
                exact = (
                    [name for name in schema.names if name.casefold() == column.casefold()] if schema else []
                )
                return Place(maker.name, exact[0]) if exact else None
            origin = self._step_back(maker, column)
            if origin is None:
                return None
            dataset, column = origin
        return None

    def _step_back(self, step: Step, column: str) -> Port | None:
        schemas = {alias: self._schemas.get(key) for alias, key in step.inputs.items()}
        known = {alias: schema for alias, schema in schemas.items() if schema is not None}
        operation = self._nodes[step.name].operation
        if isinstance(operation, Query) and len(known) == len(step.inputs):
            origins = {name.casefold(): found for name, found in _lineage(operation.sql, known).items()}
            for alias, name in origins.get(column.casefold(), ()):
                return step.inputs[alias], name
        for alias, schema in known.items():
            if column.casefold() in {name.casefold() for name in schema.names}:
                return step.inputs[alias], column
        return None


def _lineage(sql: str, schemas: Mapping[str, Schema]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    return _kept_lineage(sql, tuple(schemas.items()))


@lru_cache(maxsize=512)
def _kept_lineage(
    sql: str, schemas: tuple[tuple[str, Schema], ...]
) -> Mapping[str, tuple[tuple[str, str], ...]]:
    try:
        return column_lineage(sql, dict(schemas))
    except SqlError:
        return {}
