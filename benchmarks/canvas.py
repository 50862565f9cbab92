"""How much work the designer's canvas makes for a browser: CPU of the main thread, times between frames."""

from __future__ import annotations

import os
import re
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.serving import serving

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MOVES = 30
_BETWEEN_MOVES_MS = 16
_STEPS_A_CHAIN = 10
# React keeps its tree on the element that it was mounted in; the designer's store is a property in it.
FIND_STORE = """() => {
  const search = (root, found) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.classList.contains("odibi")) found.push(element);
      if (element.shadowRoot) search(element.shadowRoot, found);
    }
    return found;
  };
  const [host] = search(document, []);
  const key = Object.keys(host).find((name) => name.startsWith("__reactContainer$"));
  const walk = (node) => {
    for (let at = node; at; at = at.sibling) {
      if (at.memoizedProps?.store) return at.memoizedProps.store;
      const inner = walk(at.child);
      if (inner) return inner;
    }
    return null;
  };
  window.designerStore = walk(host[key].stateNode.current);
}"""
_SET_STATUSES = """() => {
  const { draft, run } = window.designerStore.getState();
  const statuses = Object.fromEntries(draft.order.map((id) => [id, "success"]));
  window.designerStore.setState({ run: { ...run, statuses } });
}"""
_WATCH_FRAMES = """() => {
  window.frameTimes = [];
  let last = performance.now();
  const note = (now) => {
    window.frameTimes.push(now - last);
    last = now;
    window.frameHandle = requestAnimationFrame(note);
  };
  window.frameHandle = requestAnimationFrame(note);
}"""
_END_FRAMES = "() => { cancelAnimationFrame(window.frameHandle); return window.frameTimes; }"


def pipeline(steps: int) -> dict[str, Any]:
    """A pipeline of that many steps: chains from a file to a file, with joins between neighbours."""
    made: list[dict[str, Any]] = []
    for number in range(steps):
        chain, place = divmod(number, _STEPS_A_CHAIN)
        key = f"c{chain}_{place}"
        before = f"c{chain}_{place - 1}"
        if place == 0:
            step = {
                "layer": "ingest",
                "type": "config_op",
                "value": "data/orders.csv",
                "outputs": {"data": key},
            }
        elif place == _STEPS_A_CHAIN - 1:
            step = {"layer": "store", "type": "config_op", "value": f"output/{chain}.parquet"}
            step |= {"params": {"format": "parquet"}, "inputs": {"data": before}}
        else:
            inputs = {"a": before} | ({"b": f"c{chain - 1}_{place - 1}"} if chain and place in {4, 6} else {})
            sql = "SELECT a.* FROM a JOIN b USING (order_id)" if "b" in inputs else "SELECT * FROM a"
            step = {
                "layer": "silver",
                "type": "sql",
                "value": sql,
                "inputs": inputs,
                "outputs": {"data": key},
            }
        made.append({"name": key, **step})
    return {"name": f"steps_{steps}", "steps": made}


def measure(folder: Path, steps: int, zoom: str) -> dict[str, float]:
    """What opening and moving things about costs, in ms of the main thread; and times between frames, in ms.

    Args:
        folder: Gets a workspace.
        steps: How many steps the pipeline has.
        zoom: "all" shows every step, "near" shows them at actual size, some 30 at once.
    """
    write_workspace(folder, pipeline(steps), "order_id,amount\n1,2.5\n")
    with serving(folder) as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        return OpenCanvas(browser, address, f"steps_{steps}").figures(zoom)


def write_workspace(folder: Path, pipeline: dict[str, Any], orders: str) -> None:
    """Make the folder a workspace with that pipeline, and the file that it reads."""
    (folder / "odibi.toml").touch()
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "orders.csv").write_text(orders, encoding="utf-8")
    (folder / "pipelines").mkdir(exist_ok=True)
    text = yaml.safe_dump(pipeline, sort_keys=False)
    (folder / "pipelines" / "canvas.yaml").write_text(text, encoding="utf-8")


CASES: dict[str, Callable[..., dict[str, float]]] = {"canvas": measure}


class OpenCanvas:
    """The canvas of a pipeline in a browser."""

    def __init__(self, browser: Browser, address: str, name: str) -> None:
        self.context = browser.new_context(viewport={"width": 1440, "height": 900})
        self.page: Page = self.context.new_page()
        self.page.goto(address)
        self.page.get_by_role("button", name=name, exact=True).click(timeout=60_000)
        self.page.wait_for_url(re.compile(r"/designer\?design=[0-9a-f]+"))
        design = self.page.url
        self.page.goto("about:blank")
        self.session: CDPSession = self.context.new_cdp_session(self.page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.page.goto(design)
        self.page.locator(".step, .far-step").first.wait_for(timeout=60_000)

    def figures(self, zoom: str) -> dict[str, float]:
        """The figures, by name."""
        self.settle()
        found = {"load_ms": self._cpu_ms()}
        self.page.evaluate(FIND_STORE)
        self.page.keyboard.press("0" if zoom == "near" else "f")
        self.settle()
        found["rendered"] = float(self.page.locator(".react-flow__node").count())
        x, y = self.middle_step()
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 8, y + 8)
        self.settle()
        found |= self._moves("drag", lambda at: self.page.mouse.move(x + 8 + 4 * at, y + 8 + 2 * at))
        found["drop_ms"] = self._cost_ms(self.page.mouse.up)
        box = self.page.locator(".canvas").bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + 6, box["y"] + 6)
        self.settle()
        found |= self._moves("pan", lambda _: self.page.mouse.wheel(6, 4))
        found["statuses_ms"] = self._cost_ms(lambda: self.page.evaluate(_SET_STATUSES))
        return found

    def _moves(self, name: str, move: Callable[[int], None]) -> dict[str, float]:
        self.page.evaluate(_WATCH_FRAMES)
        before = self._cpu_ms()
        for at in range(MOVES):
            move(at)
            self.page.wait_for_timeout(_BETWEEN_MOVES_MS)
        cost = (self._cpu_ms() - before) / MOVES
        frames = self.page.evaluate(_END_FRAMES)
        slow = statistics.quantiles(frames, n=20)[-1]
        return {
            f"{name}_ms": cost,
            f"{name}_frame_ms": statistics.median(frames),
            f"{name}_frame_p95_ms": slow,
        }

    def _cost_ms(self, act: Callable[[], object]) -> float:
        before = self._cpu_ms()
        act()
        self.settle()
        return self._cpu_ms() - before

    def _cpu_ms(self) -> float:
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    def settle(self) -> None:
        """Wait until the page has nothing to do: what an action leads to counts to it."""
        before = self._cpu_ms()
        for _ in range(40):
            self.page.wait_for_timeout(400)
            now = self._cpu_ms()
            if now - before < 4:
                return
            before = now

    def middle_step(self) -> tuple[float, float]:
        """Where on the screen the step nearest to the middle of the canvas is."""
        canvas = self.page.locator(".canvas").bounding_box()
        assert canvas is not None
        middle = canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2
        boxes = self.page.locator(".react-flow__node").evaluate_all(
            "nodes => nodes.map(node => node.getBoundingClientRect())"
            ".map(box => [box.x + box.width / 2, box.y + box.height / 2])"
        )
        x, y = min(boxes, key=lambda place: abs(place[0] - middle[0]) + abs(place[1] - middle[1]))
        return float(x), float(y)
