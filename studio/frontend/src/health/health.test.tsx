import { act, cleanup, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HealthAnswer, HealthRequest, JoinHealth, StepHealth } from "../messages";
import { BottomPanel } from "../panel/BottomPanel";
import { idsByName } from "../model/draft";
import { setField } from "../model/steps";
import { useDesigner } from "../store";
import { designOf, serve, step } from "../testing/server";
import { show } from "../testing/show";
import { healthState, takeRun } from "./healthState";
import { HealthMark, MatchRate } from "./marks";
import { RunHealth } from "./RunHealth";
import { healthLines, isUnusual, joinLines, matchRate, percent } from "./words";

const join: JoinHealth = {
  told: "LEFT JOIN p USING (id)", kind: "left", left: "v", right: "p", left_rows: 1200, right_rows: 10, left_rate: 0.75, right_rate: 1,
  pairs: 1800, fan_out: 2, left_dropped: 0, right_dropped: 3, left_nulls: 0, right_nulls: 300, why: "", usual: [],
};
const health: StepHealth = { step: "met", joins: [join], rows_in: { v: 1200, p: 10 }, rows_out: 2100, kept: null, why: "", is_sample: true };
const outside = { measure: "left_rate", low: 0.9, middle: 0.95, high: 1.02, is_outside: true } as const;

beforeEach(() => healthState.setState({ ofRun: {}, ofPreview: {} }));

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("a join is told in rates, drops and nulls, and what is unusual with its usual range", () => {
  expect(joinLines({ ...join, usual: [outside] })).toEqual([
    "LEFT JOIN p USING (id)",
    "75% of 1,200 rows of v match",
    "100% of 10 rows of p match",
    "Fan-out 2: partners of a row of v that has any",
    "3 rows of p dropped",
    "300 rows with nulls for p",
    "Unusual: left rows that match, usually 90% to 100%",
  ]);
  expect(isUnusual(health)).toBe(false);
  expect(isUnusual({ ...health, joins: [{ ...join, usual: [outside] }] })).toBe(true);
});

test("what was not counted says why, and is no rate", () => {
  const uncounted = { ...join, left_rate: null, right_rate: null, fan_out: null, why: "a ASOF JOIN is not counted" };
  expect(joinLines(uncounted)).toEqual(["LEFT JOIN p USING (id)", "Not counted: a ASOF JOIN is not counted"]);
  expect(matchRate({ ...health, joins: [uncounted] }, "v")).toBeNull();
  expect(healthLines({ ...health, joins: [], why: "the inputs stream" })).toEqual(["Joins not counted: the inputs stream", "Counted over a sample"]);
});

test("nearly all is never told as all", () => {
  expect(percent(0.99999)).toBe("> 99.9%");
  expect(percent(1)).toBe("100%");
});

const visits = step("visits", { layer: "ingest", type: "config_op", value: "visits.csv" });
const met = step("met", { value: "SELECT * FROM v LEFT JOIN p USING (id)", inputs: { v: "visits", p: "people" } });

test("the preview of a join asks for its figures, and the canvas shows them", async () => {
  const calls = serve({
    "GET designs/d1": () => designOf([visits, met]),
    "POST preview": ({ body }) => ({ revision: 0, step: (body as HealthRequest).step, inputs: [], outputs: [], problem: null, warnings: [], elapsed_ms: 1 }),
    "POST health": (): HealthAnswer => ({ steps: [health], compared_runs: 0, problem: null }),
  });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("met"));
  const strip = await screen.findByRole("list", { name: "Joins of met" });
  expect(strip).toHaveTextContent("v 75% · p 100% match");
  expect(strip).toHaveTextContent("300 rows with nulls");
  expect((calls.find(({ path }) => path === "health")!.body as HealthRequest).step).toBe("met");
  expect(healthState.getState().ofPreview["met"]).toEqual(health);
  state().selectSteps(id("visits"));
  await screen.findByText("This step has no rows to show.");
  expect(screen.queryByRole("list", { name: /^Joins of/ })).toBeNull();
});

test("a step is marked by what the run tells, before what a preview told", async () => {
  serve({ "GET designs/d1": () => designOf([visits, met]) });
  const unusual = { ...health, is_sample: false, joins: [{ ...join, left_rate: 0.5, usual: [outside] }] };
  healthState.setState({ ofPreview: { met: health } });
  takeRun({ steps: [unusual], compared_runs: 6, problem: null });
  await show(<Marks />);
  expect(screen.getByRole("img")).toHaveClass("is-unusual");
  expect(screen.getByLabelText("50% of these rows find partners in met, which is unusual")).toHaveTextContent("50%");
});

test("what a preview told is forgotten when the pipeline becomes another", async () => {
  serve({ "GET designs/d1": () => designOf([visits, met]) });
  const { state, id } = await show(<RunHealth />);
  healthState.setState({ ofPreview: { met: health } });
  act(() => state().edit("Change", setField(id("met"), ["value"], "SELECT 1")));
  expect(healthState.getState().ofPreview).toEqual({});
});

function Marks() {
  const id = useDesigner((state) => idsByName(state.draft).get("met")!);
  return (
    <>
      <HealthMark id={id} />
      <MatchRate target={id} input="v" />
      <MatchRate target={id} input="other" />
    </>
  );
}
