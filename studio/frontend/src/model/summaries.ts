import type { Catalog, StepForm } from "../messages";
import { kindOf, recipeOf } from "./kinds";

/** What a step does, in a few words under its name. */
export function summaryOf(step: StepForm, recipes: Catalog["recipes"] = []): string {
  const value = typeof step.value === "string" ? step.value.trim() : "";
  const recipe = recipeOf(step);
  if (recipe) return recipes.find(({ name }) => name === recipe.name)?.title ?? recipe.name;
  switch (kindOf(step)) {
    case "ingest":
      return fileName(value) || text(step.params["source_type"]) || "no source yet";
    case "store":
      return [text(step.params["format"]), fileName(value)].filter(Boolean).join(" · ") || "no target yet";
    case "publish":
      return value || "no address yet";
    case "connect":
      return text(step.params["connection"]) || value || "no connection yet";
    default:
      if (step.type === "function") return value || "no function yet";
      return firstLine(value) || "no SQL yet";
  }
}

function fileName(path: string): string {
  return path.replace(/\/+$/, "").split("/").at(-1) ?? "";
}

function firstLine(sql: string): string {
  return sql.replace(/--[^\n]*/g, " ").replace(/\s+/g, " ").trim().slice(0, 80);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
