"""What a person at the designer waits for, in a real browser: from the gesture to what it leads to, in ms."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.canvas import CHROMIUM, FIND_STORE, FLAGS, OpenCanvas, pipeline, write_workspace
from benchmarks.serving import serving

REPEATS = 12
_PAUSE_MS = 700
# The last SQL step of the first chain.
_DEEPEST = 8
_ROWS = 20_000
# Times are taken inside the page: from the event as the browser gave it to what follows from it.
_WATCH = """() => {
  const store = window.designerStore;
  const [host] = (function find(root) {
    const found = [];
    for (const element of root.querySelectorAll("*")) {
      if (element.classList.contains("odibi")) found.push(element);
      if (element.shadowRoot) found.push(...find(element.shadowRoot));
    }
    return found;
  })(document);
  const begin = (event) => { window.begun = event.timeStamp; window.waits = {}; };
  window.begin = begin;
  const note = (name) => { window.waits[name] ??= performance.now() - window.begun; };
  store.subscribe((state, before) => {
    if (window.begun === undefined) return;
    if (state.truth !== before.truth) note("checked");
    if (state.save.kind === "saved" && before.save.kind !== "saved") note("kept");
  });
  window.waitForRows = (step) => {
    const look = () => {
      const panel = host.querySelector(".panel-step");
      const preview = host.querySelector(".preview[aria-busy=false]");
      const cell = preview?.querySelector(".preview-grid[data-side=output] [role=gridcell]");
      if (panel?.textContent === step && cell && window.begun !== undefined) note("rows");
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  };
}"""
_ON = """(type) => {
  window.begun = undefined;
  document.addEventListener(type, window.begin, { capture: true, once: true });
}"""
_HAS = "(name) => window.waits?.[name] !== undefined"


def measure(folder: Path, steps: int) -> dict[str, float]:
    """Medians of the waits after a drop, a keystroke and a selection.

    Args:
        folder: Gets a workspace.
        steps: How many steps the pipeline has.
    """
    # What another process left there was edited.
    folder = Path(tempfile.mkdtemp(dir=folder))
    lines = (f"{number},{number * 1.5}" for number in range(_ROWS))
    write_workspace(folder, pipeline(steps), "order_id,amount\n" + "\n".join(lines) + "\n")
    with serving(folder) as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        return _Waits(OpenCanvas(browser, address, f"steps_{steps}"), min(steps - 1, _DEEPEST)).figures()


CASES: dict[str, Callable[..., dict[str, float]]] = {"waits": measure}


class _Waits:
    def __init__(self, canvas: OpenCanvas, depth: int) -> None:
        self.canvas, self.page = canvas, canvas.page
        self.names = (f"c0_{depth - 1}", f"c0_{depth}")
        canvas.settle()
        self.page.evaluate(FIND_STORE)
        self.page.evaluate(_WATCH)
        self.page.keyboard.press("0")
        canvas.settle()

    def figures(self) -> dict[str, float]:
        """The figures, by name."""
        return {**self._drops(), **self._selections(), **self._keystrokes()}

    def _drops(self) -> dict[str, float]:
        """Drag a step from the palette onto the canvas, and take it back."""
        entry = self.page.get_by_role("region", name="Code").get_by_role("button", name="SQL", exact=True)
        entry.scroll_into_view_if_needed()
        canvas = self.page.locator(".react-flow__pane").bounding_box()
        assert canvas is not None
        x, y = canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2
        kept, checked = [], []
        for _ in range(REPEATS):
            entry.hover()
            self.page.mouse.down()
            self.page.mouse.move(x - 40, y - 40, steps=3)
            self.page.mouse.move(x, y, steps=3)
            self.page.evaluate(_ON, "drop")
            self.page.mouse.up()
            checked.append(self._wait("checked"))
            kept.append(self._wait("kept"))
            self.page.evaluate(_ON, "keydown")
            self.page.keyboard.press("ControlOrMeta+z")
            self._wait("kept")
        return {
            "drop_kept_ms": statistics.median(kept),
            "drop_kept_worst_ms": max(kept),
            "drop_checked_ms": statistics.median(checked),
        }

    def _selections(self) -> dict[str, float]:
        """Walk to and fro between two steps by keyboard."""
        select = "(name) => { const { draft, selectSteps } = window.designerStore.getState(); "
        select += "selectSteps(draft.order.find((one) => draft.steps[one].name === name)); }"
        self.page.evaluate(select, self.names[1])
        found = []
        for number in range(REPEATS + 2):
            self.page.locator(".canvas").focus()
            self.page.wait_for_timeout(_PAUSE_MS)
            self.page.evaluate("(name) => window.waitForRows(name)", self.names[number % 2])
            self.page.evaluate(_ON, "keydown")
            self.page.keyboard.press("ArrowRight" if number % 2 else "ArrowLeft")
            found.append(self._wait("rows"))
        # The first look at each reads the file.
        return {"rows_ms": statistics.median(found[2:]), "rows_worst_ms": max(found[2:])}

    def _keystrokes(self) -> dict[str, float]:
        editor = self.page.get_by_role("textbox", name="SQL", exact=True)
        editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        # Each letter at its end gives a column another name, here and in all that comes of it.
        self.page.keyboard.insert_text("FROM a SELECT *, 1 AS price")
        found = []
        for number in range(REPEATS):
            self.page.wait_for_timeout(_PAUSE_MS)
            self.page.evaluate(_ON, "keydown")
            self.page.keyboard.press("s" if number % 2 == 0 else "Backspace")
            found.append(self._wait("checked"))
        return {"schema_ms": statistics.median(found), "schema_worst_ms": max(found)}

    def _wait(self, name: str) -> float:
        self.page.wait_for_function(_HAS, arg=name, timeout=30_000)
        return float(self.page.evaluate("(name) => window.waits[name]", name))
