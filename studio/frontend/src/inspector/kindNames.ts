import type { StepForm } from "../messages";
import { kindOf, recipeOf } from "../model/kinds";

/** What a step is, in a word: "Source", "SQL", "Function", … */
export function kindName(step: StepForm): string {
  const recipe = recipeOf(step);
  if (recipe) return labelled(recipe.name);
  switch (kindOf(step)) {
    case "connect":
      return "Connection check";
    case "ingest":
      return "Source";
    case "store":
      return "Store";
    case "publish":
      return "Publish";
    case "transform":
      return step.type === "function" ? "Function" : "SQL";
    default:
      return "Step of no kind yet";
  }
}

function labelled(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function isAddress(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\//.test(value);
}
