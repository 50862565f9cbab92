"""The route of what queries may name: thin, over the service."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_studio.api.answers import get
from odibi_studio.messages import Column, DatasetColumns
from odibi_studio.services.explorer import Explorer


def routes(explorer: Explorer) -> list[Route]:
    """The routes under /api."""

    def columns(request: Request) -> DatasetColumns:
        name = request.query_params.get("name", "")
        datasets = {dataset.name: dataset for dataset in explorer.datasets()}
        if name not in datasets:
            raise UnknownNameError.of("dataset", name, datasets)
        schema = explorer.columns(datasets[name])
        if isinstance(schema, OdibiError):
            raise schema
        return DatasetColumns(columns=[Column(name=name, type=type_) for name, type_ in schema])

    return [get("/datasets/columns", columns)]
