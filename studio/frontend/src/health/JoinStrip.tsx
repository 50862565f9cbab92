import { Merge } from "lucide-react";
import { useEffect } from "react";
import { useAnswer } from "../controls/useAnswer";
import type { HealthAnswer, JoinHealth, PipelineForm } from "../messages";
import { counted } from "../panel/cells";
import { useDesigner, useDesignerStore } from "../store";
import { takePreview } from "./healthState";
import { joinLines, percent } from "./words";

interface Props {
  readonly step: string;
  readonly pipeline: PipelineForm;
  readonly parameters: Record<string, unknown>;
}

const PAUSE_MS = 400;
const FACTOR = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** How the sides of the step's joins meet, over the samples of the preview; nothing for a step without joins. */
export function JoinStrip({ step, pipeline, parameters }: Props) {
  const store = useDesignerStore();
  const hasJoin = pipeline.steps.some(({ name, type, value }) => name === step && type === "sql" && /\bjoin\b/i.test(String(value)));
  const isRun = useDesigner((state) => state.run.summary !== null);
  const key = hasJoin ? JSON.stringify([step, parameters, pipeline]) : null;
  const { value, key: answered } = useAnswer<HealthAnswer>(key, (signal) => store.getState().api.health({ pipeline, step, parameters }, signal), PAUSE_MS);
  const found = answered === key ? value?.steps.find((health) => health.step === step) : undefined;
  useEffect(() => takePreview(step, found ?? null), [step, found]);
  if (!found || found.joins.length === 0) return null;
  return (
    <ul className="join-strip" aria-label={`Joins of ${step}`}>
      {found.joins.map((join, place) => (
        <li key={place} title={[...joinLines(join), ...(found.is_sample ? ["Counted over a sample"] : [])].join("\n")}>
          <Merge size={13} aria-hidden />
          <code>{join.told}</code>
          <Figures join={join} />
        </li>
      ))}
      {isRun && <li className="join-note">of the preview, not of the run</li>}
    </ul>
  );
}

function Figures({ join }: { join: JoinHealth }) {
  if (join.why) return <span className="join-note">not counted: {join.why}</span>;
  const dropped = (join.left_dropped ?? 0) + (join.right_dropped ?? 0);
  const nulls = (join.left_nulls ?? 0) + (join.right_nulls ?? 0);
  return (
    <>
      <span>
        {join.left || "left"} {join.left_rate === null ? "–" : percent(join.left_rate)} · {join.right || "right"}{" "}
        {join.right_rate === null ? "–" : percent(join.right_rate)} match
      </span>
      {join.fan_out !== null && <span>fan-out {FACTOR.format(join.fan_out)}</span>}
      {dropped > 0 && <span>{counted(dropped, "row")} dropped</span>}
      {nulls > 0 && <span>{counted(nulls, "row")} with nulls</span>}
    </>
  );
}
