import { useMemo } from "react";
import type { StepTruth } from "../messages";
import type { Draft, StepId } from "../model/draft";
import { useDesigner } from "../store";
import { counted } from "./cells";
import { Empty, Failure } from "./Empty";

interface Region {
  name: string;
  steps: StepId[];
}

/** Which steps run as one query, in the order in which they run, and why results are kept between them. */
export function PlanTab() {
  const draft = useDesigner((state) => state.draft);
  const truths = useDesigner((state) => state.truth.steps);
  const checking = useDesigner((state) => state.checking);
  const selected = useDesigner((state) => state.selection.steps);
  const seek = useDesigner((state) => state.seek);
  const regions = useMemo(() => regionsOf(draft, truths), [draft, truths]);
  if (checking.kind === "failed") return <Failure why={checking.why} />;
  if (regions.length === 0) {
    return <Empty>{draft.order.length === 0 ? "There is nothing to plan yet." : "The plan appears once the problems are mended."}</Empty>;
  }
  return (
    <>
      <p className="plan-about">Steps of one region run as one query that streams; between regions a result is kept, for the reason that stands there.</p>
      <ol className="plan">
        {regions.map((region) => {
          const reasons = [...new Set(region.steps.map((id) => truths[id]?.why).filter(Boolean))];
          return (
            <li key={region.name}>
              <header>
                <strong>{region.name}</strong>
                <span>{region.steps.length === 1 ? "one step" : `${counted(region.steps.length, "step")} as one query`}</span>
              </header>
              <p className="plan-steps">
                {region.steps.map((id) => (
                  <button key={id} type="button" className="chip" aria-pressed={selected.has(id)} onClick={() => seek(id)}>
                    {draft.steps[id]?.name}
                  </button>
                ))}
              </p>
              {reasons.map((reason) => (
                <p key={reason} className="plan-why">
                  {reason}
                </p>
              ))}
            </li>
          );
        })}
      </ol>
    </>
  );
}

function regionsOf(draft: Draft, truths: Readonly<Record<StepId, StepTruth>>): Region[] {
  const regions = new Map<string, StepId[]>();
  for (const id of draft.order) {
    const name = truths[id]?.region;
    if (name) regions.set(name, [...(regions.get(name) ?? []), id]);
  }
  return [...regions].map(([name, steps]) => ({ name, steps }));
}
