import type { Catalog, FormatForm, FunctionForm, RecipeForm, StepForm } from "../messages";

/** What a drag from the palette carries: a blueprint's key. */
export const BLUEPRINT_TYPE = "application/x-odibi-blueprint";

/** What a new step is for. */
export type Section = "Sources" | "Shape" | "Code" | "Stores" | "Other";

export const SECTIONS: readonly Section[] = ["Sources", "Shape", "Code", "Stores", "Other"];

/** A step that can be put on the canvas. */
export interface Blueprint {
  readonly key: string;
  readonly section: Section;
  readonly title: string;
  readonly description: string;
  /** Names an icon: see icons.ts. */
  readonly icon: string;
  /** What a search finds it by, beside its title. */
  readonly words: string;
  readonly takesInput: boolean;
  readonly givesOutput: boolean;
  readonly step: StepForm;
}

const BLANK: StepForm = {
  name: "step", layer: "transform", type: "sql", engine: "", value: "", params: {}, inputs: {}, outputs: {}, metadata: {}, expectations: [],
};

/** Everything that the palette offers, from what the server says it has. */
export function blueprints(catalog: Catalog): Blueprint[] {
  return [
    ...catalog.formats.filter((format) => format.can_read).map(source),
    ...catalog.recipes.map(recipe),
    SQL,
    ...functions(catalog.functions),
    ...catalog.formats.filter((format) => format.can_write).map(store),
    ...OTHERS,
  ];
}

/** Blueprints whose titles or words begin like each word of a text, best first. */
export function matching(all: readonly Blueprint[], text: string): Blueprint[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [...all];
  const ranked = all.flatMap((blueprint) => {
    const title = blueprint.title.toLowerCase();
    const rest = `${blueprint.section} ${blueprint.words} ${blueprint.description}`.toLowerCase();
    const score = words.map((word) => {
      if (title.startsWith(word)) return 0;
      if (title.includes(word)) return 1;
      return new RegExp(`(^|[^a-z])${escaped(word)}`).test(rest) ? 2 : Number.NaN;
    });
    const total = score.reduce((sum, part) => sum + part, 0);
    return Number.isNaN(total) ? [] : [{ blueprint, total }];
  });
  return ranked.sort((one, other) => one.total - other.total).map(({ blueprint }) => blueprint);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function source(format: FormatForm): Blueprint {
  const step: StepForm = {
    ...BLANK, name: `load_${format.name}`, layer: "ingest", type: "config_op",
    params: { source_type: format.name }, outputs: { data: `load_${format.name}` },
  };
  return {
    key: `source:${format.name}`, section: "Sources", title: format.title, icon: iconOfFormat(format.name),
    description: `Read ${format.title}`, words: `read load ingest import file ${format.name} ${format.extensions.join(" ")}`,
    takesInput: false, givesOutput: true, step,
  };
}

function store(format: FormatForm): Blueprint {
  const step: StepForm = {
    ...BLANK, name: `store_${format.name}`, layer: "store", type: "config_op",
    params: { format: format.name, ...(format.modes.includes("overwrite") ? { mode: "overwrite" } : {}) },
    inputs: { data: "" },
  };
  return {
    key: `store:${format.name}`, section: "Stores", title: format.title, icon: iconOfFormat(format.name),
    description: `Write ${format.title}`, words: `write save store output ${format.name} ${format.extensions.join(" ")}`,
    takesInput: true, givesOutput: false, step,
  };
}

function recipe(form: RecipeForm): Blueprint {
  const step: StepForm = {
    ...BLANK, name: form.name, outputs: { data: form.name }, metadata: { recipe: { name: form.name, settings: {} } },
  };
  return {
    key: `recipe:${form.name}`, section: "Shape", title: form.title, icon: form.name, description: form.description,
    words: `${form.name} self-service`, takesInput: true, givesOutput: true, step,
  };
}

const SQL: Blueprint = {
  key: "sql", section: "Code", title: "SQL", icon: "sql", description: "A SELECT over its inputs", words: "query select",
  takesInput: true, givesOutput: true, step: { ...BLANK, name: "sql", outputs: { data: "sql" } },
};

function functions(known: readonly FunctionForm[]): Blueprint[] {
  const call = (title: string, value: string, description: string): Blueprint => ({
    key: `function:${value}`, section: "Code", title, icon: "function", description, words: `python function ${value}`,
    takesInput: true, givesOutput: true,
    step: { ...BLANK, name: value.split(".").at(-1) || "function", type: "function", value, outputs: { data: "function" } },
  });
  return [
    call("Python function", "", "Calls a function of a module"),
    ...known.map(({ name, description }) => call(name, name, description)),
  ];
}

const OTHERS: readonly Blueprint[] = [
  {
    key: "publish", section: "Other", title: "Send over HTTP", icon: "publish", description: "Sends rows as JSON to an address",
    words: "publish http api post webhook", takesInput: true, givesOutput: false,
    step: { ...BLANK, name: "publish", layer: "publish", type: "api", params: { method: "POST" }, inputs: { data: "" } },
  },
  {
    key: "connect", section: "Other", title: "Check a connection", icon: "connect",
    description: "Checks a connection before anything runs", words: "connect database storage",
    takesInput: false, givesOutput: false, step: { ...BLANK, name: "connect", layer: "connect", type: "config_op" },
  },
];

function iconOfFormat(name: string): string {
  if (/sql|jdbc|table|duckdb/.test(name)) return "database";
  if (/http|api/.test(name)) return "web";
  if (/excel|csv|tsv/.test(name)) return "sheet";
  if (/json/.test(name)) return "braces";
  return "columns";
}
