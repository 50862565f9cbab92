import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Charts } from "./Charts";
import type { Told } from "./told";

const STATES = [["▶ Running", "#00f"], ["✓ Succeeded", "#0f0"]] as const;
let runs = 0;

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(1_000);
  vi.stubGlobal("ResizeObserver", class { observe() {} disconnect() {} });
  runs += 1;
});

afterEach(cleanup);

function told(change: Partial<Told> = {}): Told {
  return {
    run_id: `r${runs}`, now: 40, is_live: false, steps: ["read", "clean", "save"], states: STATES,
    bars: [[0, 1, 0, 10, 9_500, false, 1_204], [1, 1, 10, 40, null, true, null]],
    vitals: [[1, 120, 50], [2, 130, 99]], rates: [[0, 120], [1, 80]], rate_width: 1, ...change,
  };
}

const timeShown = () => screen.getByLabelText("Time shown").textContent;
const plot = () => screen.getByRole("group", { name: /When each step ran/ });
const rows = () => screen.getAllByRole("listitem").map((row) => row.getAttribute("aria-label")).filter(Boolean);

/** A turn of the wheel, which the DOM of these tests makes without a place. Tells whether the page may scroll. */
function turn(target: Element, deltaY: number, clientX = 500): boolean {
  const event = new MouseEvent("wheel", { bubbles: true, cancelable: true, composed: true, clientX, clientY: 20 });
  return fireEvent(target, Object.assign(event, { deltaX: 0, deltaY, deltaMode: 0 }));
}

test("each step has a row that says what became of it", () => {
  render(<Charts told={told()} />);
  expect(rows()).toEqual([
    "read: ✓ Succeeded, 9.50 s, 1,204 rows, from 0.00 s",
    "clean: ✓ Succeeded, 30.0 s together with its neighbours, rows not counted, from 10.00 s",
    "save: has not begun",
  ]);
  expect(screen.getByRole("group", { name: "Memory: 130 MiB" })).toBeInTheDocument();
});

test("a zoom outlives what Python tells, and being built anew", () => {
  const { rerender, unmount } = render(<Charts told={told()} />);
  expect(timeShown()).toBe("0.0 s – 40.8 s");
  turn(plot(), -300);
  const before = timeShown();
  expect(before).toBe("6.4 s – 31.7 s");
  const more = told({ now: 90, is_live: true, bars: [...told().bars, [2, 0, 40, null, null, false, null]] });
  rerender(<Charts told={more} />);
  expect(timeShown()).toBe(before);
  expect(rows()[2]).toMatch(/^save: ▶ Running, 50\.\d s, from 40\.00 s$/);
  unmount();
  render(<Charts told={more} />);
  expect(timeShown()).toBe(before);
  fireEvent.doubleClick(plot());
  expect(timeShown()).toBe("0.0 s – 100.0 s");
});

test("a wheel that scrolls past does not zoom until the pointer is moved", () => {
  render(<Charts told={told()} />);
  turn(document.body, 100);
  turn(plot(), -300);
  expect(timeShown()).toBe("0.0 s – 40.8 s");
  fireEvent.pointerMove(plot(), { clientX: 505, clientY: 20 });
  turn(plot(), -300, 505);
  expect(timeShown()).not.toBe("0.0 s – 40.8 s");
});

test("where all is shown, a wheel that would zoom out scrolls the page", () => {
  render(<Charts told={told()} />);
  expect(turn(plot(), 100)).toBe(true);
  fireEvent.pointerMove(plot(), { clientX: 505, clientY: 20 });
  expect(turn(plot(), -100, 505)).toBe(false);
});

test("keys and buttons zoom, move and show all", async () => {
  const user = userEvent.setup();
  render(<Charts told={told()} />);
  await user.click(screen.getByRole("button", { name: "Zoom in" }));
  expect(timeShown()).toBe("8.2 s – 32.6 s");
  plot().focus();
  await user.keyboard("{ArrowRight}");
  expect(timeShown()).toBe("11.8 s – 36.3 s");
  await user.keyboard("+");
  expect(timeShown()).toBe("15.50 s – 32.64 s");
  await user.keyboard("0");
  expect(timeShown()).toBe("0.0 s – 40.8 s");
  expect(screen.getByRole("button", { name: "Fit" })).toBeDisabled();
});

test("of many steps only those in sight are drawn", () => {
  const steps = Array.from({ length: 500 }, (_, at) => `step_${at}`);
  render(<Charts told={told({ steps })} />);
  expect(rows().length).toBeLessThan(50);
  plot().scrollTop = 22 * 300;
  fireEvent.scroll(plot());
  expect(rows()).toContain("step_310: has not begun");
});

test("a run that took no second says that nothing was measured", () => {
  render(<Charts told={told({ now: 0.04, bars: [[0, 1, 0, 0.03, 30, false, 3]], vitals: [] })} />);
  expect(screen.getAllByText("Nothing was measured: the run took less than a second.")).toHaveLength(2);
  expect(timeShown()).toBe("0.000 s – 0.041 s");
});

test("a figure that was measured once is a dot", () => {
  const { container } = render(<Charts told={told({ vitals: [[1, 120, 50]] })} />);
  expect(container.querySelectorAll(".charts-lane circle")).toHaveLength(2);
});
