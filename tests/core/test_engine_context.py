"""Reading, querying and writing by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from odibi_core.dataset import arrow_to_pandas
from odibi_core.engine_context import EngineContext, PandasEngineContext
from odibi_core.errors import OdibiError, SecretError, SourceError, SqlError, UnknownNameError


def plain(frame: Any) -> pd.DataFrame:
    """The rows as pandas, whichever engine they come from."""
    return frame if isinstance(frame, pd.DataFrame) else arrow_to_pandas(frame.toArrow())


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.parquet", "table"])
def test_what_is_written_is_read_again(engine: EngineContext, name: str) -> None:
    frame = pd.DataFrame({"id": [1, 2], "name": ["ä", "b"]})
    more: dict[str, Any] = {"format": "delta"} if name == "table" else {}
    assert engine.write(frame, f"out/{name}", **more) == 2
    read: dict[str, Any] = {"source_type": "delta"} if name == "table" else {}
    assert plain(engine.read(f"out/{name}", **read)).to_dict("list") == frame.to_dict("list")


@pytest.mark.parametrize("frame", [pl.DataFrame({"n": [1, 2]}), pa.table({"n": [1, 2]})])
def test_frames_of_every_kind_are_taken(engine: EngineContext, frame: Any) -> None:
    engine.register_temp("numbers", frame)
    assert plain(engine.execute_sql("SELECT sum(n)::BIGINT AS s FROM numbers"))["s"].tolist() == [3]
    assert engine.write(frame, "n.parquet") == 2


def test_modes_and_partitions_are_those_of_a_store_step(engine: EngineContext, tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1, 2], "part": ["x", "y"]})
    engine.write(frame, "t", format="delta", partitionBy="part")
    engine.write(
        pd.DataFrame({"id": [2, 3], "part": ["z", "z"]}), "t", format="delta", mode="merge", merge_key="id"
    )
    read = plain(engine.read("t", source_type="delta")).sort_values("id")
    assert read["part"].tolist() == ["x", "z", "z"]
    assert not list(tmp_path.rglob(".tmp-*"))


def test_appending_twice_by_hand_appends_twice(engine: EngineContext) -> None:
    frame = pd.DataFrame({"n": [1]})
    for _ in range(3):
        engine.write(frame, "a.csv", mode="append")
        engine.write(frame, "d", format="delta", mode="append")
    assert plain(engine.read("a.csv"))["n"].tolist() == [1, 1, 1]
    assert plain(engine.read("d", source_type="delta"))["n"].tolist() == [1, 1, 1]


def test_a_name_that_is_registered_again_means_the_new_frame(engine: EngineContext) -> None:
    for number in (1, 2):
        engine.register_temp("t", pd.DataFrame({"n": [number]}))
    assert plain(engine.execute_sql("SELECT * FROM t"))["n"].tolist() == [2]


def test_spark_sql_is_understood(engine: EngineContext) -> None:
    engine.register_temp("t", pd.DataFrame({"n": [None, "a"]}))
    assert plain(engine.execute_sql("SELECT NVL(n, 'none') AS n FROM t"))["n"].tolist() == ["none", "a"]


def test_a_sample_is_the_first_rows(engine: EngineContext) -> None:
    frame = pd.DataFrame({"n": range(100)})
    assert engine.collect_sample(frame)["n"].tolist() == [0, 1, 2, 3, 4]
    assert len(engine.collect_sample(frame, n=7)) == 7


def test_errors_are_those_of_steps(engine: EngineContext) -> None:
    with pytest.raises(SourceError, match=r"gone\.csv"):
        engine.read("gone.csv")
    engine.register_temp("t", pd.DataFrame({"amount": [1]}))
    with pytest.raises(SqlError, match="mean 'amount'"):
        engine.execute_sql("SELECT amuont FROM t")
    with pytest.raises(OdibiError, match="did you mean 'parquet'"):
        engine.write(pd.DataFrame({"a": [1]}), "a", format="parqet")
    with pytest.raises(UnknownNameError, match="connection 'lake' is not known"):
        engine.connect("lake")


def test_a_wrong_option_or_mode_is_explained(engine: EngineContext) -> None:
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(OdibiError, match="delimitr"):
        engine.write(frame, "a.csv", delimitr=";")
    with pytest.raises(OdibiError, match=r"(?s)mode.*'overwrite'"):
        engine.write(frame, "a.csv", mode="replace")
    engine.write(frame, "a.csv")
    with pytest.raises(OdibiError, match="delimitr"):
        engine.read("a.csv", delimitr=";")
    with pytest.raises(OdibiError, match="noformat"):
        engine.read("noformat")


def test_malformed_rows_are_told_and_not_lost_silently(
    engine: EngineContext, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.csv").write_text("n\n1\nx\n")
    assert plain(engine.read("a.csv", schema={"n": "BIGINT"}))["n"].tolist() == [1]
    assert "1 row could not be read" in caplog.text


def test_connections_and_secrets(tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").write_text('[connections.lake]\nkind = "folder"\npath = "lake"\n')
    (tmp_path / "lake").mkdir()
    context = PandasEngineContext(secrets={"A": "b"}, workspace=tmp_path)
    assert context.connect("lake") is context
    assert context.get_secret("A") == "b"
    with pytest.raises(SecretError):
        context.get_secret("B")
    assert PandasEngineContext(secrets=str.lower).get_secret("KEY") == "key"
