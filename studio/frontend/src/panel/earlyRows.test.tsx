import { cleanup, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Design, PreviewAnswer, PreviewRequest } from "../messages";
import { setField } from "../model/steps";
import { documentOf, source } from "../testing/drafts";
import { type Call, designOf, serve, step } from "../testing/server";
import { show } from "../testing/show";
import { BottomPanel } from "./BottomPanel";

const first = step("first", { inputs: { orders: "orders" } });
const second = step("second", { inputs: { first: "first" } });
const third = step("third", { inputs: { second: "second" } });

function answer({ body }: Call): PreviewAnswer {
  const { step: name } = body as PreviewRequest;
  const grid = { port: "data", dataset: name, columns: [{ name: "id", type: "BIGINT" }], rows: [[1]], row_count: 1, is_sample: false, note: "" };
  return { revision: 0, step: name, inputs: [], outputs: [grid], problem: null, warnings: [], elapsed_ms: 7 };
}

function serveRow(more: Parameters<typeof serve>[0] = {}) {
  const steps = [source("orders"), first, second, third];
  const design: Design = { ...designOf(steps), document: documentOf(...steps) };
  const calls = serve({ "GET designs/d1": () => design, "POST preview": answer, ...more });
  const asked = (path: string) => calls.filter((call) => call.path === path).map(({ body }) => (body as PreviewRequest).step);
  return { calls, asked };
}

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(900);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("the rows of a step are asked for in the moment in which it is selected, and once", async () => {
  const { asked } = serveRow();
  const { state, id } = await show(<BottomPanel />);
  await screen.findByText("Select a step to see its rows.");
  state().selectSteps(id("second"));
  // Nothing is drawn yet: React has had no turn.
  expect(screen.queryByText("Computing…")).toBeNull();
  expect(asked("preview")).toEqual(["second"]);
  await screen.findByRole("grid", { name: "Rows of second" });
  expect(asked("preview")).toEqual(["second"]);
});

test("once rows are shown, those of the steps beside are made ready, and not again for the same steps", async () => {
  const { asked } = serveRow();
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("second"));
  await waitFor(() => expect(asked("preview/ahead")).toEqual(["third", "first"]));
  state().selectSteps(id("third"));
  await waitFor(() => expect(asked("preview/ahead")).toEqual(["third", "first", "second"]));
  state().selectSteps(id("second"));
  await screen.findByRole("grid", { name: "Rows of second" });
  state().edit("other", setField(id("second"), ["value"], "SELECT 2"));
  // The step behind has other rows now, the one before has not.
  await waitFor(() => expect(asked("preview/ahead")).toEqual(["third", "first", "second", "third"]));
});

test("beside a step whose rows took long, nothing is computed unasked", async () => {
  const { asked } = serveRow({ "POST preview": (call) => ({ ...answer(call), elapsed_ms: (call.body as PreviewRequest).step === "second" ? 900 : 7 }) });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("second"));
  await screen.findByRole("grid", { name: "Rows of second" });
  state().selectSteps(id("third"));
  await waitFor(() => expect(asked("preview/ahead")).toEqual(["second"]));
});
