import { Merge } from "lucide-react";
import { useDesigner } from "../store";
import { useStepHealth } from "./healthState";
import { healthLines, isUnusual, matchRate, percent } from "./words";

/** That a step's joins were counted, and whether something is unusual; the figures are read by hovering. */
export function HealthMark({ id }: { id: string }) {
  const name = useDesigner((state) => state.draft.steps[id]?.name);
  const health = useStepHealth(name);
  if (!health) return null;
  const lines = healthLines(health);
  if (lines.length === 0) return null;
  const tip = lines.join("\n");
  return (
    <span className={isUnusual(health) ? "health-mark is-unusual" : "health-mark"} data-tip={tip} role="img" aria-label={tip}>
      <Merge size={14} strokeWidth={2} aria-hidden />
    </span>
  );
}

/** How many of the rows that an edge carries find partners where it leads. */
export function MatchRate({ target, input }: { target: string; input: string | null | undefined }) {
  const name = useDesigner((state) => state.draft.steps[target]?.name);
  const health = useStepHealth(name);
  const found = health && input ? matchRate(health, input) : null;
  if (!health || found === null) return null;
  const { rate, isUnusual } = found;
  const tip = `${percent(rate)} of these rows find partners in ${name}${health.is_sample ? ", in a sample" : ""}${isUnusual ? ", which is unusual" : ""}`;
  return (
    <span className={rate === 0 ? "match-rate is-none" : isUnusual ? "match-rate is-unusual" : "match-rate"} data-tip={tip} aria-label={tip}>
      {percent(rate)}
    </span>
  );
}
