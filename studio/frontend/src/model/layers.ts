import type { StepForm } from "../messages";
import { kindOf } from "./kinds";

/** How the steps of a layer are told apart: by colour, and by pattern for who sees no colour. */
export interface LayerLook {
  readonly label: string;
  /** Names the CSS variable --layer-TONE. */
  readonly tone: Tone;
  readonly pattern: Pattern;
}

export type Tone = "connect" | "ingest" | "bronze" | "silver" | "gold" | "transform" | "store" | "publish" | "violet" | "rose";
export type Pattern = "solid" | "dots" | "stripes" | "dashes" | "bars" | "checks";

const KNOWN: Readonly<Record<string, Omit<LayerLook, "label">>> = {
  connect: { tone: "connect", pattern: "dots" },
  ingest: { tone: "ingest", pattern: "solid" },
  bronze: { tone: "bronze", pattern: "dashes" },
  silver: { tone: "silver", pattern: "stripes" },
  gold: { tone: "gold", pattern: "bars" },
  transform: { tone: "transform", pattern: "stripes" },
  store: { tone: "store", pattern: "checks" },
  publish: { tone: "publish", pattern: "dots" },
};
const OTHERS: readonly Omit<LayerLook, "label">[] = [
  { tone: "violet", pattern: "bars" },
  { tone: "rose", pattern: "dashes" },
  { tone: "transform", pattern: "dots" },
  { tone: "publish", pattern: "stripes" },
  { tone: "silver", pattern: "solid" },
];

const looks = new WeakMap<StepForm, LayerLook>();

/** The look of a step's layer; a layer of any other word always gets the same one. */
export function lookOf(step: StepForm): LayerLook {
  const known = looks.get(step);
  if (known) return known;
  const look = makeLook(step);
  looks.set(step, look);
  return look;
}

function makeLook(step: StepForm): LayerLook {
  const label = step.layer || kindOf(step) || "step";
  const known = KNOWN[label.toLowerCase()];
  if (known) return { label, ...known };
  const sum = [...label].reduce((total, letter) => (total * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7);
  const other = OTHERS[sum % OTHERS.length] ?? { tone: "violet" as const, pattern: "bars" as const };
  return { label, ...other };
}
