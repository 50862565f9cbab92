import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { Dialogs } from "../dialogs/Dialogs";
import type { RunSteps, RunSummary } from "../messages";
import { designOf, serve, step } from "../testing/server";
import { show } from "../testing/show";
import { RunMark } from "./RunMark";
import { RunMenu } from "./RunMenu";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const lost = {
  run_id: "r7", design_id: "d1", state: "lost", error: "", fix: "", advice: "Resume it from its last checkpoint.", duration_ms: null, total_steps: 1,
} as RunSummary;
const elsewhere = { ...lost, run_id: "r8", design_id: "" } as RunSummary;
const steps = { run_id: "r7", state: "lost", next: 4, steps: [{ name: "orders", state: "success" }], edges: [] } as unknown as RunSteps;
const routes = {
  "GET designs/d1": () => designOf([step("orders")]),
  "GET runs/r7": () => lost,
  "GET runs/r7/steps": () => steps,
  "GET runs/r7/events": () => ({ events: [], next: 4, state: "lost", is_over: true }),
};

test("a design opens with what its newest run came to, and says what to do with a lost one", async () => {
  serve({ ...routes, "GET runs": () => ({ runs: [elsewhere, lost], total: 2 }) });
  const { state, id } = await show(<RunMark />);
  const mark = await screen.findByRole("link", { name: /Lost/ });
  expect(mark).toHaveAttribute("data-tip", "Resume it from its last checkpoint.");
  expect(state().run.statuses).toEqual({ [id("orders")]: "success" });
});

test("a run is started on another engine than the pipeline's", async () => {
  const calls = serve({ ...routes, "POST runs": () => lost });
  await show(
    <>
      <RunMenu />
      <Dialogs />
    </>,
  );
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Run" }));
  await user.click(screen.getByRole("menuitem", { name: /Run with/ }));
  const engine = screen.getByRole("combobox", { name: "Engine" });
  expect(within(engine).getAllByRole("option").map((option) => option.textContent)).toEqual(["As the pipeline says (pandas)", "pandas", "spark"]);
  await user.selectOptions(engine, "spark");
  await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Run" }));
  await waitFor(() => expect(calls.find(({ method, path }) => method === "POST" && path === "runs")?.body).toMatchObject({ design_id: "d1", engine: "spark" }));
});
