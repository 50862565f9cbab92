"""The designer as a person uses it: what can be seen, clicked, dragged and typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import FloatRect, Locator, Page, expect
from tests.e2e.pages import box_at_rest


@dataclass(frozen=True)
class DesignerPage:
    """An open designer."""

    page: Page

    def wait_until_open(self) -> None:
        expect(self.canvas).to_be_visible()
        # The inspector comes right behind the canvas.
        expect(self.page.get_by_label("Name", exact=True)).to_be_visible()

    @property
    def canvas(self) -> Locator:
        return self.page.locator(".react-flow__pane")

    @property
    def board(self) -> Locator:
        """What takes the keys of the canvas."""
        return self.page.get_by_role("main", name=re.compile("^Canvas, "))

    @property
    def steps(self) -> Locator:
        return self.page.locator(".react-flow__node .step")

    @property
    def edges(self) -> Locator:
        return self.page.locator(".react-flow__edge")

    @property
    def problems(self) -> Locator:
        return self.page.get_by_role("list", name="Problems", exact=True).get_by_role("listitem")

    def step(self, name: str) -> Locator:
        return self.steps.filter(
            has=self.page.locator(".step-name", has_text=re.compile(f"^{re.escape(name)}$"))
        )

    def edge(self, dataset: str) -> Locator:
        return self.page.locator(f".react-flow__edge[aria-label='Dataset {dataset}']")

    def place(self, name: str) -> FloatRect:
        """Where a step is on the screen."""
        return box_at_rest(self.step(name))

    def drag_in(self, section: str, title: str, x: int, y: int) -> None:
        """Drag an entry of the palette to a place on the canvas."""
        entry = self.page.get_by_role("region", name=section).get_by_role("button", name=title, exact=True)
        entry.scroll_into_view_if_needed()
        entry.drag_to(self.canvas, target_position={"x": x, "y": y})

    def select(self, name: str) -> None:
        self.step(name).click()
        expect(self.page.get_by_label("Name", exact=True)).to_have_value(name)

    def fill(self, label: str, text: str) -> None:
        field = self.page.get_by_label(label, exact=True)
        field.fill(text)
        field.press("Tab")

    def draw_edge(self, source: str, target: str, output: str = "data") -> None:
        """Draw an edge from an output onto a step, and hold it there."""
        self.step(source).get_by_label(f"output {output}", exact=True).hover()
        self.page.mouse.down()
        box = self.place(target)
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=10)

    def connect(self, source: str, target: str, output: str = "data") -> None:
        """Draw an edge from an output, and drop it on a step."""
        self.draw_edge(source, target, output)
        self.page.mouse.up()

    def drag(self, name: str, dx: int, dy: int) -> None:
        """Drag a step by its name."""
        self.step(name).locator(".step-name").hover()
        box = box_at_rest(self.step(name).locator(".step-name"))
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.down()
        self.page.mouse.move(x + dx / 2, y + dy / 2, steps=4)
        self.page.mouse.move(x + dx, y + dy, steps=4)
        self.page.mouse.up()

    @property
    def sql(self) -> Locator:
        return self.page.get_by_role("textbox", name="SQL", exact=True)

    def type_sql(self, sql: str) -> None:
        self.sql.click()
        self.sql.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(sql)

    def show_panel(self, tab: str) -> None:
        found = self.page.get_by_role("tablist", name="Panel").get_by_role("tab", name=re.compile(f"^{tab}"))
        if found.get_attribute("aria-selected") != "true":
            found.click()

    def undo(self) -> None:
        self.page.get_by_role("button", name="Undo", exact=True).click()

    def redo(self) -> None:
        self.page.get_by_role("button", name="Redo", exact=True).click()

    def expect_valid(self) -> None:
        expect(self.page.get_by_role("button", name="0 errors, 0 warnings")).to_have_text("Valid")

    def wait_until_saved(self) -> None:
        expect(self.page.get_by_role("button", name="Saved", exact=True)).to_be_visible()

    def save_version(self, message: str) -> int:
        """Save a version by keyboard; its number."""
        self.page.keyboard.press("ControlOrMeta+s")
        dialog = self.page.get_by_role("dialog", name="Save a version")
        dialog.get_by_label("What has changed, and why").fill(message)
        button = dialog.get_by_role("button", name=re.compile(r"^Save version \d+$"))
        number = int(button.inner_text().split()[-1])
        button.click()
        expect(self.page.get_by_text(f"Version {number} is saved")).to_be_visible()
        expect(self.page.get_by_role("button", name=f"v{number}", exact=True)).to_be_visible()
        return number
