"""Parquet files of one write as one file: Spark's own Parquet library copies their row groups as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.engines.spark.paths import written_path

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_BLOCK_BYTES = 128 << 20


def joined(spark: SparkSession, parts: Sequence[Path], path: Path) -> Path | None:
    """A new file with the row groups of the parts, in their order; None where Spark can't make it.

    Args:
        spark: A session in this process, whose driver sees the files.
        parts: Files of the same columns.
        path: The new file.
    """
    try:
        machine: Any = spark._jvm
        hadoop, place = machine.org.apache.parquet.hadoop, machine.org.apache.hadoop.fs.Path
        settings = spark._jsparkSession.sessionState().newHadoopConf()
        # Sums of every 512 bytes in a file beside it are for those who read by Hadoop alone.
        settings.set("fs.file.impl", "org.apache.hadoop.fs.RawLocalFileSystem")
        settings.set("fs.file.impl.disable.cache", "true")
        files = [hadoop.util.HadoopInputFile.fromPath(place(written_path(part)), settings) for part in parts]
        reader = hadoop.ParquetFileReader.open(files[0])
        about = reader.getFileMetaData()
        reader.close()
        target = hadoop.util.HadoopOutputFile.fromPath(place(written_path(path)), settings)
        create = getattr(hadoop, "ParquetFileWriter$Mode").CREATE
        writer = hadoop.ParquetFileWriter(target, about.getSchema(), create, _BLOCK_BYTES, 0)
        writer.start()
        for file in files:
            writer.appendFile(file)
        writer.end(about.getKeyValueMetaData())
        writer.close()
    except Exception:  # noqa: BLE001 - another version of the library, say; where the disk is full, the next says so
        path.unlink(missing_ok=True)
        return None
    return path
