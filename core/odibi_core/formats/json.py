"""JSON, as lines or as one array, read and written by DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from odibi_core.bound_columns import bound_columns, bound_schema
from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.base import (
    Abilities,
    ReadyFiles,
    Rejected,
    Rows,
    Scan,
    ScanContext,
    Target,
    Written,
)
from odibi_core.formats.exact_values import select_sql
from odibi_core.formats.json_exact import FLOATS, INEXACT, checked_sql, wider_type
from odibi_core.formats.json_lines import head_lines, misfits, sift_file
from odibi_core.formats.json_options import JsonReadOptions, JsonWriteOptions
from odibi_core.formats.json_shape import (
    LINES,
    NO_RECORDS,
    Part,
    array_error,
    check_renamed,
    layout,
    lines_error,
    no_columns,
)
from odibi_core.formats.json_values import NOT_FINITE, finite_sql
from odibi_core.formats.packed import PackedFormat, plain_copy
from odibi_core.formats.packing import COMPRESSIONS
from odibi_core.formats.sources import Files, find_files, said_by_duckdb
from odibi_core.formats.text import codec_of, needs_copy, transcode
from odibi_core.formats.tolerance import check_bad_rows
from odibi_core.formats.types import known_type, types_of
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class JsonFormat(PackedFormat[JsonReadOptions, JsonWriteOptions]):
    """JSON lines and arrays.

    JSON has numbers, texts, booleans, objects and lists: dates, times and bytes are written as text, and read
    again as dates where they look like one; decimals are written as numbers. It has no number for NaN and
    infinity: they are refused. A file without rows says nothing of its columns: reading it needs `schema`.
    """

    name: ClassVar[str] = "json"
    extensions: ClassVar[tuple[str, ...]] = (".json", ".jsonl", ".ndjson")
    abilities: ClassVar[Abilities] = Abilities(
        compressions=COMPRESSIONS,
        keeps_types=frozenset(
            {"BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIME", "TIMESTAMP", "UUID", "LIST", "STRUCT"}
            | {"TIMESTAMP WITH TIME ZONE"}
        ),
    )
    read_options = JsonReadOptions
    write_options = JsonWriteOptions

    def probe(self, source: str, options: JsonReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns, from the heads of files of lines, and from the whole of others."""
        schemas = []
        with TemporaryDirectory() as folder:
            for part in self._parts(source, options):
                if part.layout != LINES:
                    sources = zip(part.files.paths, part.codecs, strict=True)
                    paths = [plain_copy(path, codec, Path(folder)) for path, codec in sources]
                    schemas.append(self._describe(source, part, paths, options, cursor))
                    continue
                head = Path(folder, "head.json")
                with head.open("w", encoding="utf-8", newline="") as file:
                    for path, codec in zip(part.files.paths, part.codecs, strict=True):
                        lines = head_lines(path, codec)
                        file.writelines(f"{line.text}\n" for line in lines if not line.fault)
                # The head is in no folder that is named by values.
                bare = replace(part, files=Files(part.files.paths, {}))
                found = self._describe(source, bare, [str(head)], options, cursor)
                folders = dict(sorted(part.files.partitions.items()))
                schemas.append(Schema.of({**found.as_dict(), **folders}))
            return _united(schemas, cursor)

    def scan(self, source: str, options: JsonReadOptions, context: ScanContext) -> Scan:
        """The source, ready to be read; computed at once where the scan is tolerant."""
        selects, schemas = [], []
        rejected: list[Rejected] = []
        total = 0
        for number, part in enumerate(self._parts(source, options)):
            paths = self._utf8_paths(part, context, number)
            kept: list[list[int]] = []
            if context.tolerant and part.layout == LINES:
                for place, (path, codec) in enumerate(zip(part.files.paths, part.codecs, strict=True)):
                    clean = _scratch_path(context, f"clean-{number}-{place}", path)
                    is_named = bool(options.column_types)
                    kept.append(sift_file(path, codec, clean, rejected, is_named=is_named))
                    paths[place] = str(clean)
            schema = self._describe(source, part, paths, options, context.cursor)
            is_promised = bool(options.column_types) or options.sample_size != -1
            # Types that were found out from every line fit every line, but for numbers that no DOUBLE holds.
            doubted = Schema.of((name, type_) for name, type_ in schema if is_promised or type_ in FLOATS)
            for place, numbers in enumerate(kept):
                if len(doubted):
                    self._drop_misfits(
                        part.files.paths[place],
                        Path(paths[place]),
                        numbers,
                        schema=doubted,
                        rejected=rejected,
                        context=context,
                    )
                total += len(numbers)
            schemas.append(schema)
            selects.append(
                _read_sql(
                    paths,
                    part,
                    schema,
                    context.cursor,
                    is_promised=is_promised,
                    is_strict=not context.tolerant,
                )
            )
        if not selects:
            columns = ", ".join(
                f"NULL::{type_} AS {quote(name)}" for name, type_ in (options.column_types or {}).items()
            )
            return Scan(f"(SELECT {columns} LIMIT 0)", Schema.of(options.column_types or {}), 0)
        sql = (
            selects[0]
            if len(selects) == 1
            else "(" + " UNION ALL BY NAME ".join(f"SELECT * FROM {s}" for s in selects) + ")"
        )
        schema = _united(schemas, context.cursor)
        if not context.tolerant:
            return Scan(sql, schema)
        rejected.sort(key=lambda row: (row.source, row.line or 0))
        check_bad_rows(source, rejected, options.bad_rows_allowed, total + len(rejected))
        return Scan(sql, schema, rejects=lambda: rejected)

    def is_malformed(self, error: Exception) -> bool:
        """Whether the strict reader met a line that it can't read."""
        signs = (
            INEXACT,
            "Malformed JSON",
            "JSON transform error",
            NO_RECORDS,
            "nvalid JSON",
        )
        return any(sign in str(error) for sign in signs)

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError for an error of the reader."""
        if isinstance(error, SourceError) or not self.is_malformed(error):
            return error
        return SourceError(
            f"the file can't be read: {said_by_duckdb(error)}", where=source, fix="check that it is JSON"
        )

    def write(self, rows: Rows, target: Target, options: JsonWriteOptions) -> Written:
        """Write the rows atomically.

        Raises:
            TargetError: The target can't be written, or a number is NaN or infinite.
        """
        from odibi_core import late_duckdb as duckdb

        try:
            return super().write(rows, target, options)
        except duckdb.Error as error:
            if NOT_FINITE not in str(error):
                raise
            raise TargetError(
                str(error).splitlines()[0].removeprefix("Invalid Input Error: "),
                where=str(target.path),
                fix="turn those values into null or text in a step before",
            ) from error

    def copy_options(self, options: JsonWriteOptions, path: Path) -> str:
        """The options of a COPY statement."""
        packing = self.packing_by_duckdb(options, path)
        order = "" if options.ordered else ", PRESERVE_ORDER false"
        return f"FORMAT json, ARRAY {str(not options.lines).lower()}, COMPRESSION {packing}{order}"

    def ready_files(self, rows: Rows, target: Target, options: JsonWriteOptions) -> ReadyFiles | None:
        """Files that hold the rows as they are to be written."""
        usual = JsonWriteOptions(compression=options.compression, ordered=options.ordered)
        return self.ready_files_as(rows, target, options, usual)

    def checked_sql(self, rows: Rows, options: JsonWriteOptions, path: Path) -> str:  # noqa: ARG002
        """The rows, failing on numbers that JSON does not have."""
        found = bound_columns(rows.cursor, rows.sql)
        columns = [finite_sql(quote(name), type_, name) for name, type_ in found]
        if columns == [quote(name) for name, _ in found]:
            return rows.sql
        named = ", ".join(
            f"{column} AS {quote(name)}" for column, (name, _) in zip(columns, found, strict=True)
        )
        return f"SELECT {named} FROM ({rows.sql})"

    def existing_schema(self, files: Files, options: JsonWriteOptions, cursor: DuckDBPyConnection) -> Schema:  # noqa: ARG002
        """The columns of files that are there, every value as the JSON that it is."""
        reading = JsonReadOptions()
        source = ", ".join(files.paths)
        with TemporaryDirectory() as folder:
            plain = self.readable(files, Path(folder))
            parts = self._parts_of(source, plain, reading)
            found = _united(
                [self._describe(source, part, part.files.paths, reading, cursor) for part in parts], cursor
            )
        return Schema.of((name, "JSON") for name in found.names)

    def existing_sql(self, files: Files, schema: Schema, options: JsonWriteOptions) -> str:  # noqa: ARG002
        """The old rows, every value as the JSON that it is."""
        columns = ", ".join(f"{literal(name)}: 'JSON'" for name in schema.names)
        return (
            f"SELECT * FROM read_json({files.sql}, format='auto', records=true, columns={{{columns}}}, "
            "hive_partitioning=false)"
        )

    def stored_sql(self, column: str, type_: str, options: JsonWriteOptions) -> str:  # noqa: ARG002
        """A new value as JSON."""
        return f"to_json({column})"

    def key_sql(self, column: str, type_: str, options: JsonWriteOptions) -> str:  # noqa: ARG002
        """An old value as one of a new key's type."""
        return f"TRY_CAST({column} ->> '$' AS {type_})"

    def _parts(self, source: str, options: JsonReadOptions) -> list[Part]:
        return self._parts_of(source, find_files(source, self.extensions), options)

    def _parts_of(self, source: str, files: Files, options: JsonReadOptions) -> list[Part]:
        """The files that are not empty, by layout."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for path in files.paths:
            codec = codec_of(path, options.encoding)
            found = layout(path, codec, options)
            if found:
                groups.setdefault(found, []).append((path, codec))
        if not groups and not options.column_types:
            raise SourceError(
                "the file is empty" if len(files.paths) == 1 else "all files are empty",
                where=source,
                fix="check what should have written it, or give its columns with `schema`",
            )
        return [
            Part(
                layout,
                Files(tuple(path for path, _ in found), files.partitions),
                tuple(codec for _, codec in found),
            )
            for layout, found in groups.items()
        ]

    def _utf8_paths(self, part: Part, context: ScanContext, number: int) -> list[str]:
        paths = []
        for place, (path, codec) in enumerate(zip(part.files.paths, part.codecs, strict=True)):
            if not needs_copy(path, codec):
                paths.append(path)
                continue
            copy = _scratch_path(context, f"utf8-{number}-{place}", path)
            transcode(path, codec, copy)
            paths.append(str(copy))
        return paths

    def _describe(
        self,
        source: str,
        part: Part,
        paths: Sequence[str],
        options: JsonReadOptions,
        cursor: DuckDBPyConnection,
    ) -> Schema:
        """The columns: those that the options name, else all that the objects have."""
        from odibi_core import late_duckdb as duckdb

        if options.column_types:
            named = {name: known_type(type_, name, cursor) for name, type_ in options.column_types.items()}
            return Schema.of({**named, **dict(sorted(part.files.partitions.items()))})
        files = Files(tuple(paths), part.files.partitions)
        arguments = (
            f"{files.sql}, format='{part.layout}', records=true, sample_size={options.sample_size}, "
            f"maximum_sample_files={len(paths)}, union_by_name=true, map_inference_threshold=-1, "
            f"{files.hive_sql}"
        )
        try:
            found = bound_schema(cursor, f"SELECT * FROM read_json({arguments})")
        except duckdb.Error as error:
            if not self.is_malformed(error):
                raise
            told = lines_error(part) if part.layout == LINES else array_error(part, str(error))
            if told is None and NO_RECORDS in str(error):
                told = no_columns(part.files.paths[0], "no object has a key")
            if told is None:
                raise
            raise told from error
        schema = Schema.of((name, "VARCHAR" if type_ == '"NULL"' else type_) for name, type_ in found)
        check_renamed(source, schema, files, part.layout, cursor)
        return schema

    def _drop_misfits(
        self,
        path: str,
        clean: Path,
        numbers: list[int],
        *,
        schema: Schema,
        rejected: list[Rejected],
        context: ScanContext,
    ) -> None:
        found = dict(misfits(path, clean, numbers, schema, context.cursor))
        if not found:
            return
        kept = clean.with_suffix(".kept")
        with (
            clean.open(encoding="utf-8", newline="\n") as lines,
            kept.open("w", encoding="utf-8", newline="") as file,
        ):
            for place, line in enumerate(lines):
                if place in found:
                    row = found[place]
                    rejected.append(Rejected(row.source, row.line, row.column, row.reason, line.rstrip("\n")))
                else:
                    file.write(line)
        kept.replace(clean)
        for place in sorted(found, reverse=True):
            del numbers[place]


def _read_sql(
    paths: Iterable[str],
    part: Part,
    schema: Schema,
    cursor: DuckDBPyConnection,
    *,
    is_promised: bool,
    is_strict: bool,
) -> str:
    """A table expression that fails at a value that would be changed.

    Args:
        paths: The files.
        part: Their layout.
        schema: The columns.
        cursor: Tells what types are made of.
        is_promised: Whether a value may be of another type than its column's.
        is_strict: Whether the lines were not looked at one by one yet.
    """
    own = {name: type_ for name, type_ in schema if name not in part.files.partitions}
    if part.layout != LINES:
        # Of these no single value is looked at: what can't be told apart is read as DuckDB reads it.
        risks = [name for name, type_ in own.items() if is_promised and type_ not in FLOATS]
    else:
        risks = [name for name, type_ in own.items() if is_strict and (is_promised or type_ in FLOATS)]
    types = types_of(Schema.of((name, own[name]) for name in risks), cursor)
    values = {name: checked_sql(quote(name), type_, name) for name, type_ in types.items()}
    values = {name: value for name, value in values.items() if value != quote(name)}
    texts = {**own, **{name: wider_type(types[name]) for name in values}}
    inner = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in texts.items())
    files = Files(tuple(paths), part.files.partitions)
    # Else one column of text takes whole records, where one of them is no object.
    layout = f"format='{part.layout}', records=true"
    reader = f"read_json({files.sql}, {layout}, columns={{{inner}}}, {files.hive_sql})"
    return select_sql(reader, schema.names, values)


def _scratch_path(context: ScanContext, name: str, original: str) -> Path:
    parts = [part for part in Path(original).parts[:-1] if "=" in part]
    folder = context.scratch.joinpath(f"{context.name}-{name}", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "rows.json"


def _united(schemas: Sequence[Schema], cursor: DuckDBPyConnection) -> Schema:
    if len(schemas) == 1:
        return schemas[0]
    selects = (
        "SELECT " + ", ".join(f"NULL::{type_} AS {quote(name)}" for name, type_ in schema)
        for schema in schemas
    )
    return bound_schema(cursor, " UNION ALL BY NAME ".join(selects))
