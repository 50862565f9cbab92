import {
  ArrowDownUp, Braces, Calculator, Columns3, Combine, Database, Dices, FileSpreadsheet, Filter, Globe, Group, Layers,
  ListFilter, type LucideIcon, PaintBucket, Plug, Send, Sheet, Sigma, Split, SquareCode, SquareFunction, Table2,
  TableProperties, Type, WandSparkles,
} from "lucide-react";
import type { StepForm } from "./messages";
import { kindOf, recipeOf } from "./model/kinds";

const ICONS: Readonly<Record<string, LucideIcon>> = {
  aggregate: Sigma,
  braces: Braces,
  cast: Type,
  columns: Columns3,
  connect: Plug,
  database: Database,
  dedupe: ListFilter,
  fill: PaintBucket,
  fill_missing: PaintBucket,
  filter: Filter,
  formula: Calculator,
  function: SquareFunction,
  group: Group,
  ingest: FileSpreadsheet,
  join: Combine,
  pivot: Table2,
  publish: Send,
  rename: TableProperties,
  sample: Dices,
  select: Columns3,
  sheet: Sheet,
  sort: ArrowDownUp,
  split: Split,
  sql: SquareCode,
  store: Database,
  union: Layers,
  unpivot: TableProperties,
  web: Globe,
};

/** The icon of a name; decorative, so that it has no name of its own. */
export function Icon(props: { name: string; size?: number }) {
  const Drawn = ICONS[props.name] ?? WandSparkles;
  return <Drawn size={props.size ?? 16} strokeWidth={1.75} aria-hidden />;
}

/** The name of a step's icon. */
export function iconOf(step: StepForm): string {
  const recipe = recipeOf(step);
  if (recipe) return recipe.name;
  const kind = kindOf(step);
  return kind === "transform" ? step.type : kind || "sql";
}
