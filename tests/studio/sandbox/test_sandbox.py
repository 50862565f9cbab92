"""Previewed SQL reaches the rows that it is given: no file, network, setting, environment, variable."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pyarrow as pa
import pytest

from odibi_studio.sandbox.pool import Sandbox, Stage, StageError, TooMuchError

SECRET = "the-secret-of-the-host"
ROWS = pa.table({"id": [1, 2, 3], "city": ["Rome", "Oslo", None]})
host_variable = pa.table({"value": [SECRET]})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a secret in a file of every kind that DuckDB reads."""
    import duckdb

    folder = tmp_path_factory.mktemp("planted")
    with duckdb.connect(str(folder / "secret.duckdb")) as database:
        database.execute(f"CREATE TABLE t AS SELECT '{SECRET}' AS value")
        for name, options in (("csv", ""), ("parquet", ""), ("json", "")):
            database.execute(f"COPY t TO '{folder / f'secret.{name}'}' {options}")
    (folder / "secret.txt").write_text(SECRET)
    return folder


ATTACKS = """
FROM '{folder}/secret.csv'
FROM '{folder}/secret.parquet'
FROM '{folder}/secret.json'
FROM "{folder}/secret.csv"
FROM '{folder}/*.csv'
FROM 'file://{folder}/secret.csv'
FROM '/dev/stdin'
FROM '/proc/self/environ'
SELECT * FROM read_csv('{folder}/secret.csv')
SELECT * FROM read_csv_auto('{folder}/secret.csv')
SELECT * FROM "read_csv"('{folder}/secret.csv')
SELECT * FROM read_csv /* a comment */ ('{folder}/secret.csv')
SELECT * FROM read_csv --
('{folder}/secret.csv')
SELECT * FROM main.read_csv('{folder}/secret.csv')
SELECT * FROM system.main.read_csv('{folder}/secret.csv')
SELECT * FROM sniff_csv('{folder}/secret.csv')
SELECT * FROM read_text('{folder}/secret.txt')
SELECT * FROM read_blob('{folder}/secret.txt')
SELECT * FROM read_text('/proc/self/environ')
SELECT * FROM read_json('{folder}/secret.json')
SELECT * FROM read_ndjson('{folder}/secret.json')
SELECT * FROM read_json_objects('{folder}/secret.json')
SELECT * FROM read_parquet('{folder}/secret.parquet')
SELECT * FROM parquet_scan('{folder}/secret.parquet')
SELECT * FROM parquet_metadata('{folder}/secret.parquet')
SELECT * FROM parquet_schema('{folder}/secret.parquet')
SELECT * FROM parquet_kv_metadata('{folder}/secret.parquet')
SELECT * FROM read_duckdb('{folder}/secret.duckdb')
SELECT * FROM glob('{folder}/*')
SELECT * FROM query('SELECT * FROM read_csv(''{folder}/secret.csv'')')
SELECT * FROM query_table('{folder}/secret.csv')
SELECT * FROM query('FROM duckdb_settings()')
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))
FROM host_variable
SELECT * FROM SECRET
SELECT * FROM 'host_variable'
SELECT * FROM python_map_function(1)
SELECT * FROM pandas_scan(1)
SELECT * FROM arrow_scan(1, 2, 3)
SELECT * FROM arrow_scan_dumb(1, 2, 3)
COPY rows TO '{folder}/out.csv'
COPY (SELECT 666) TO '{folder}/secret.csv' (USE_TMP_FILE false)
COPY rows FROM '{folder}/secret.csv'
EXPORT DATABASE '{folder}/out'
IMPORT DATABASE '{folder}/out'
ATTACH '{folder}/secret.duckdb' AS other
ATTACH ':memory:' AS other
DETACH memory
USE memory
INSTALL httpfs
LOAD httpfs
FORCE INSTALL spatial FROM community
FROM 'https://127.0.0.1:9/x.csv'
FROM 's3://bucket/x.parquet'
SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')
SELECT * FROM read_parquet('s3://bucket/x.parquet')
SET enable_external_access = true
SET lock_configuration = false
SET memory_limit = '100GB'
RESET memory_limit
SET VARIABLE x = 1
SET SESSION python_enable_replacements = true
SELECT current_setting('home_directory')
SELECT "current_setting"('secret_directory')
SELECT getenv('HOME')
SELECT getvariable('x')
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_secrets()
SELECT * FROM duckdb_tables()
SELECT * FROM duckdb_extensions()
SELECT * FROM duckdb_logs()
SELECT * FROM pragma_database_size()
SELECT * FROM pragma_version()
PRAGMA version
PRAGMA enable_profiling
PRAGMA database_list
CALL pragma_version()
CALL enable_logging('FileSystem')
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'b')
CREATE MACRO m() AS TABLE SELECT * FROM read_csv('{folder}/secret.csv')
CREATE TABLE t AS SELECT 1
CREATE VIEW v AS SELECT * FROM '{folder}/secret.csv'
CREATE FUNCTION f(x) AS x
INSERT INTO rows VALUES (1, 'x')
UPDATE rows SET id = 1
DELETE FROM rows
DROP VIEW rows
ALTER TABLE rows ADD COLUMN x INTEGER
SELECT 1; SELECT * FROM read_csv('{folder}/secret.csv')
SELECT 1; COPY rows TO '{folder}/out.csv'
WITH x AS (SELECT * FROM read_text('{folder}/secret.txt')) SELECT * FROM x
SELECT (SELECT content FROM read_text('{folder}/secret.txt'))
PIVOT (FROM read_csv('{folder}/secret.csv')) ON value USING count(*)
SELECT * FROM which_secret('s3://x', 's3')
SELECT write_log('x')
PREPARE p AS SELECT 1
EXECUTE p
BEGIN
CHECKPOINT
SELECT * FROM checkpoint()
VACUUM
EXPLAIN ANALYZE SELECT 1
SHOW TABLES
SELECT nextval('s')
SELECT * FROM pg_catalog.pg_settings
SELECT * FROM pg_timezone_names()
"""
STATEMENTS = ATTACKS.strip().replace("--\n(", "--\f(").split("\n")


@pytest.mark.parametrize("attack", STATEMENTS)
def test_an_attack_gets_nothing(attack: str, sandbox: Sandbox, planted: Path) -> None:
    before = {path: path.read_bytes() for path in planted.iterdir()}
    sql = attack.replace("\f", "\n").format(folder=planted)
    with pytest.raises(StageError) as caught:
        sandbox.run({"rows": ROWS}, [Stage(sql)])
    assert SECRET not in str(caught.value)
    assert {path: path.read_bytes() for path in planted.iterdir()} == before


def test_there_are_at_least_sixty_attacks() -> None:
    assert len(STATEMENTS) == len(set(STATEMENTS)) >= 100


def test_stages_build_on_each_other(sandbox: Sandbox) -> None:
    stages = [
        Stage("SELECT city, id * 2 AS twice FROM rows WHERE city IS NOT NULL", "odd 'name"),
        Stage("""SELECT sum(twice) AS total FROM "odd 'name" """),
        Stage("""PIVOT "odd 'name" ON city USING sum(twice)"""),
    ]
    total, pivot = sandbox.run({"rows": ROWS}, stages)
    assert total.to_pylist() == [{"total": 6}]
    assert {name: int(value) for name, value in pivot.to_pylist()[0].items()} == {"Oslo": 4, "Rome": 2}


def test_nothing_of_one_preview_is_there_for_the_next(sandbox: Sandbox) -> None:
    sandbox.run({"rows": ROWS}, [Stage("SELECT * FROM rows", "kept"), Stage("SELECT 1 AS one")])
    with pytest.raises(StageError, match="kept"):
        sandbox.run({"rows": ROWS}, [Stage("SELECT * FROM kept")])


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a FROM t) SELECT count(*) FROM t",
        "SELECT count(*) FROM range(9000000) a, range(9000000) b WHERE (a.range + b.range) % 7 = 3",
    ],
)
def test_a_query_that_never_ends_is_ended_and_the_next_one_works(sql: str, sandbox: Sandbox) -> None:
    with pytest.raises(TooMuchError, match=r"stopped after 0\.5 s"):
        sandbox.run({"rows": ROWS}, [Stage(sql)], time_limit_s=0.5)
    (rows,) = sandbox.run({"rows": ROWS}, [Stage("SELECT count(*) AS n FROM rows")])
    assert rows.to_pylist() == [{"n": 3}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT repeat('x', 2000000000) AS text",
        "SELECT list(a) AS l FROM range(500000000) t(a)",
        "SELECT length(repeat('x', 900000000)) AS n FROM range(20)",
    ],
)
def test_a_query_that_takes_all_memory_gets_none(sql: str, sandbox: Sandbox) -> None:
    with pytest.raises((StageError, TooMuchError), match=r"[Mm]emory|allocate|stopped"):
        sandbox.run({"rows": ROWS}, [Stage(sql)], time_limit_s=10)


def test_a_process_knows_neither_environment_nor_folder_of_the_studio(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", SECRET)
    fresh = Sandbox()
    try:
        fresh.run({"rows": ROWS}, [Stage("SELECT 1 AS one")])
        ours = sandbox_processes()
        assert ours
        for process in ours:
            with suppress(psutil.NoSuchProcess):
                assert SECRET not in "".join(process.environ().values())
                assert process.cwd() != str(Path.cwd())
    finally:
        fresh.close()


class OwnSandbox(NamedTuple):
    """A sandbox of one test: that of the others would find all that wait for it dead."""

    sandbox: Sandbox
    parent: psutil.Process

    def answers(self) -> bool:
        (rows,) = self.sandbox.run({"rows": ROWS}, [Stage("SELECT 1 AS one")])
        return bool(rows.to_pylist() == [{"one": 1}])


@pytest.fixture
def own() -> Iterator[OwnSandbox]:
    before = psutil.Process().children()
    sandbox = Sandbox()
    # Several people's first previews have it warmed up at the same time.
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda _: sandbox.warm_up(), range(8)))
    (parent,) = (child for child in psutil.Process().children() if child not in before)
    yield OwnSandbox(sandbox, parent)
    sandbox.close()


def kill(*processes: psutil.Process) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=20)


def test_closing_ends_every_process(own: OwnSandbox) -> None:
    started = [own.parent, *own.parent.children()]
    assert len(started) == 3
    own.sandbox.close()
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive


def test_a_preview_survives_the_death_of_all_processes(own: OwnSandbox) -> None:
    kill(*own.parent.children(), own.parent)
    assert own.answers()


def test_processes_that_die_while_they_wait_are_replaced_and_no_request_is_blamed(own: OwnSandbox) -> None:
    assert len(own.parent.children()) == 2
    kill(*own.parent.children())
    assert own.answers()


def test_a_request_that_each_process_dies_of_is_told_that_it_needs_too_much(own: OwnSandbox) -> None:
    endless = Stage(
        "SELECT count(*) FROM range(9000000) a, range(9000000) b WHERE (a.range + b.range) % 7 = 3"
    )
    with ThreadPoolExecutor(1) as person:
        answer = person.submit(own.sandbox.run, {}, [endless], 60)
        while not answer.done():
            for cell in own.parent.children():
                # One that only waits has not computed for that long.
                with suppress(psutil.NoSuchProcess):
                    if cell.cpu_times().user > 0.5:
                        kill(cell)
        with pytest.raises(TooMuchError, match="more memory than it may use"):
            answer.result()
    assert own.answers()


def sandbox_processes() -> list[psutil.Process]:
    """The living ones: a preview's own process may have ended a moment ago."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "odibi_studio.sandbox" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_names_that_the_information_schema_has_too_are_names_of_columns(sandbox: Sandbox) -> None:
    (table,) = sandbox.run(
        {"given": ROWS}, [Stage("SELECT count(*) AS views, max(id) AS columns FROM given")]
    )
    assert table.to_pylist() == [{"views": 3, "columns": 3}]


@pytest.mark.parametrize(
    "place", ["views", "columns", "information_schema.views", '"information_schema"."tables"']
)
def test_the_information_schema_is_out_of_reach(sandbox: Sandbox, place: str) -> None:
    with pytest.raises(StageError):
        sandbox.run({"given": ROWS}, [Stage(f"SELECT * FROM {place}")])


def test_the_time_of_day_is_one_for_all_stages(sandbox: Sandbox) -> None:
    (table,) = sandbox.run(
        {}, [Stage("SELECT now() AS moment", "first"), Stage("SELECT now() = moment AS same FROM first")]
    )
    assert table.to_pylist() == [{"same": True}]
