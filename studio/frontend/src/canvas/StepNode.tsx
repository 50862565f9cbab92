import { type NodeProps, useStore } from "@xyflow/react";
import {
  Ban, CircleAlert, CircleCheck, CircleDashed, CircleX, Clock, LoaderCircle, SkipForward, TriangleAlert, Zap,
} from "lucide-react";
import { memo } from "react";
import { HealthMark } from "../health/marks";
import { Icon, iconOf } from "../icons";
import type { StepForm } from "../messages";
import { lookOf } from "../model/layers";
import { shapeOf } from "../model/sizes";
import { summaryOf } from "../model/summaries";
import type { Problem } from "../model/truth";
import type { StepStatus } from "../model/running";
import { useDesigner } from "../store";
import { Ports } from "./ports";

/** Below this zoom nobody can read a step: plain boxes are drawn instead. */
export const FAR_ZOOM = 0.4;

/** Whether the canvas is zoomed out so far that plain boxes are drawn. */
export function useIsFar(): boolean {
  return useStore((state) => state.transform[2] < FAR_ZOOM);
}

const SMALL_ZOOM = 0.7;

/** Whether the small print of a step cannot be read: its name is drawn large instead. */
export function useIsSmall(): boolean {
  return useStore((state) => state.transform[2] < SMALL_ZOOM);
}

const TINY_ZOOM = 0.18;

/** Whether boxes are so small that only their colour can be seen. */
export function useIsTiny(): boolean {
  return useStore((state) => state.transform[2] < TINY_ZOOM);
}

/** A step on the canvas. */
export const StepNode = memo(function StepNode({ id, selected }: NodeProps) {
  const step = useDesigner((state) => state.draft.steps[id]);
  const isFar = useIsFar();
  if (!step) return null;
  return isFar ? <FarStep id={id} step={step} selected={selected} /> : <NearStep id={id} step={step} selected={selected} />;
});

interface StepProps {
  readonly id: string;
  readonly step: StepForm;
  readonly selected: boolean;
}

function NearStep({ id, step, selected }: StepProps) {
  const recipes = useDesigner((state) => state.catalog.recipes);
  const mark = useDesigner((state) => state.marks[id]);
  const problems = useDesigner((state) => state.problemsOf[id]);
  const look = lookOf(step);
  const isBad = problems?.some((problem) => problem.severity === "error");
  const classes = ["step", `tone-${look.tone}`, selected && "is-selected", isBad && "is-bad", mark && `mark-${mark}`];
  return (
    <div className={classes.filter(Boolean).join(" ")}>
      <span className={`layer-strip pattern-${look.pattern}`} />
      <span className="step-icon" data-tip={`Layer ${look.label}`}>
        <Icon name={iconOf(step)} />
      </span>
      <span className="step-words">
        <span className="step-name">{step.name}</span>
        <span className="step-summary">{summaryOf(step, recipes)}</span>
      </span>
      <span className="step-marks">
        {mark && <span className="change-mark">{mark}</span>}
        {problems && <ProblemMark problems={problems} />}
        <HealthMark id={id} />
        <StatusMark id={id} />
      </span>
      <Ports id={id} shape={shapeOf(step)} />
    </div>
  );
}

function FarStep({ id, step, selected }: StepProps) {
  const isBad = useDesigner((state) => state.problemsOf[id]?.some((problem) => problem.severity === "error"));
  const status = useDesigner((state) => state.run.statuses[id]);
  const mark = useDesigner((state) => state.marks[id]);
  const classes = [
    "far-step",
    `tone-${lookOf(step).tone}`,
    selected && "is-selected",
    isBad && "is-bad",
    status && `is-${status}`,
    mark && `mark-${mark}`,
  ];
  return <div className={classes.filter(Boolean).join(" ")}>{step.name}</div>;
}

/** How bad a step's problems are; what they are is read by hovering. */
export function ProblemMark({ problems }: { problems: readonly Problem[] }) {
  const isError = problems.some((problem) => problem.severity === "error");
  const tip = problems.map(({ what, fix }) => (fix ? `${what}\n${fix}` : what)).join("\n\n");
  const Drawn = isError ? CircleAlert : TriangleAlert;
  return (
    <span className={isError ? "problem-mark is-error" : "problem-mark is-warning"} data-tip={tip} role="img" aria-label={tip}>
      <Drawn size={15} strokeWidth={2} aria-hidden />
      {problems.length > 1 && <span className="problem-count">{problems.length}</span>}
    </span>
  );
}

const STATUS = {
  pending: { icon: CircleDashed, word: "Not started" },
  ready: { icon: Clock, word: "Ready" },
  running: { icon: LoaderCircle, word: "Running" },
  cached: { icon: Zap, word: "Taken from the cache" },
  success: { icon: CircleCheck, word: "Done" },
  failed: { icon: CircleX, word: "Failed" },
  skipped: { icon: SkipForward, word: "Skipped" },
  cancelled: { icon: Ban, word: "Cancelled" },
} as const satisfies Record<StepStatus, unknown>;

function StatusMark({ id }: { id: string }) {
  const status = useDesigner((state) => state.run.statuses[id]);
  if (!status) return null;
  const { icon: Drawn, word } = STATUS[status];
  return (
    <span className={`status-mark is-${status}`} data-tip={word} role="img" aria-label={word}>
      <Drawn size={15} strokeWidth={2} aria-hidden />
    </span>
  );
}
