"""Names for frames in a session, without the command that Spark makes of each.

`createOrReplaceTempView` plans a command, runs it, and tells its listeners with texts of the plan: half of
what a small step costs. What comes of it is an entry in the session's catalog; its objects make that here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from odibi_core.engines.spark.session import is_classic

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class Views:
    """The temporary views of a session that a run makes.

    Args:
        spark: The session.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._has_catalog = is_classic(spark)

    def keep(self, name: str, frame: DataFrame) -> None:
        """Name a frame that has been analyzed; no other view has the name."""
        if self._has_catalog:
            try:
                self._enter(name, frame._jdf.queryExecution().analyzed())
            except Exception:  # noqa: BLE001 - another Spark may have other objects, or show none
                self._has_catalog = False
            else:
                return
        frame.createOrReplaceTempView(name)

    def forget(self, name: str) -> None:
        """Drop a view that nobody has cached."""
        try:
            # What a session drops is also looked for among all that is cached, at a cost of its own.
            self._catalog.dropTempView(name)
        except Exception:  # noqa: BLE001 - Spark Connect has no such object
            self._spark.catalog.dropTempView(name)

    @cached_property
    def _catalog(self) -> Any:
        return self._spark._jsparkSession.sessionState().catalog()

    @cached_property
    def _enter(self) -> Callable[[str, Any], None]:
        machine: Any = self._spark._jvm
        session, catalog = self._spark._jsparkSession, self._catalog
        identifier = machine.org.apache.spark.sql.catalyst.TableIdentifier
        maker = _object(machine.org.apache.spark.sql.execution.command, "ViewHelper")
        nothing, none = _object(machine.scala, "None"), _object(machine.scala.collection.immutable, "Nil")
        # The view that has the name so far: there is none.
        finds_none = _object(machine.scala.collection.immutable, "Map$EmptyMap").lift()

        def enter(name: str, plan: Any) -> None:
            relation = maker.createTemporaryViewRelation(
                identifier(name), session, False, finds_none, nothing, plan, plan, none, nothing
            )
            catalog.createTempView(name, relation, True)

        return enter


def _object(package: Any, name: str) -> Any:
    """An object of Scala's."""
    return getattr(getattr(package, f"{name}$"), "MODULE$")
