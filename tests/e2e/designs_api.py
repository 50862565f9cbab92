"""What is kept, asked from the server as the designer asks it."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext


@dataclass(frozen=True)
class DesignsApi:
    """The HTTP interface of a running Studio."""

    address: str
    token: str

    def call(self, method: str, path: str, message: dict[str, Any] | None = None) -> Any:
        body = None if message is None else json.dumps(message).encode()
        headers = {"X-Odibi-Token": self.token, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/api{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def design_of(self, name: str) -> str:
        """The id of the pipeline of that name."""
        found: list[str] = [card["id"] for card in self.call("GET", "/designs") if card["name"] == name]
        assert len(found) == 1, f"{len(found)} pipelines are called {name}"
        return found[0]

    def document(self, design: str) -> dict[str, Any]:
        """The document as it was last kept."""
        found: dict[str, Any] = self.call("GET", f"/designs/{design}")["document"]
        return found

    def step(self, design: str, name: str) -> dict[str, Any]:
        """A step as it was last kept."""
        steps: list[dict[str, Any]] = self.document(design)["pipeline"]["steps"]
        return next(step for step in steps if step["name"] == name)

    def create(self, name: str) -> str:
        """A blank design of that name; its id."""
        made: str = self.call("POST", "/designs", {"name": name})["id"]
        return made

    def bring_in(self, file_name: str, text: str) -> str:
        """The id of the design that a YAML text becomes."""
        answer = self.call("POST", "/import", {"file_name": file_name, "text": text})
        assert answer["design"] is not None, answer["problems"]
        made: str = answer["design"]["id"]
        return made


def api_of(browser: BrowserContext, address: str) -> DesignsApi:
    """The HTTP interface, with the token that a designer's page is given."""
    page = browser.new_page()
    with page.expect_request("**/api/designs/*", timeout=60_000) as asked:
        page.goto(f"{address}/designer?design=none")
    token = asked.value.headers["x-odibi-token"]
    page.close()
    return DesignsApi(address, token)


def make_chain(designs: DesignsApi, name: str) -> str:
    """A design of three steps in a row, saved as version 1; its id."""
    design = designs.create(name.replace("[", "_").rstrip("]"))
    made = designs.call("GET", f"/designs/{design}")
    steps = [
        {
            "name": "read_orders",
            "layer": "ingest",
            "type": "config_op",
            "value": "data/orders.csv",
            "params": {"source_type": "csv", "header": True},
            "outputs": {"data": "orders"},
        },
        _query("amounts", "SELECT order_id, customer_id, unit_price AS amount FROM orders", "orders"),
        _query("report", "SELECT customer_id, amount FROM amounts", "amounts"),
    ]
    made["document"]["pipeline"]["steps"] = steps
    made["document"]["layout"]["positions"] = {
        str(step["name"]): {"x": 288 * number, "y": 0} for number, step in enumerate(steps)
    }
    document = {"base_revision": made["revision"], "document": made["document"]}
    kept = designs.call("PUT", f"/designs/{design}", document)
    version = {"revision": kept["revision"], "message": "Three in a row"}
    designs.call("POST", f"/designs/{design}/versions", version)
    return design


def _query(name: str, sql: str, source: str) -> dict[str, Any]:
    step = {"name": name, "layer": "transform", "type": "sql", "value": sql}
    return {**step, "inputs": {source: source}, "outputs": {"data": name}}
