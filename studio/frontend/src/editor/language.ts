import { autocompletion, type CompletionSource } from "@codemirror/autocomplete";
import { LanguageSupport } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import { completeSql, type Vocabulary } from "./completion";
import { dialects, type Dialect } from "./dialects";
import { scopeAt, sourceNamed } from "./scope";
import { tokensOf } from "./tokens";

/** Highlighting, completion and words under the pointer for one dialect and what may be named. */
export function sqlLanguage(dialect: Dialect, vocabulary: () => Vocabulary): Extension {
  const source: CompletionSource = (context) => completeSql(vocabulary(), context);
  return [
    new LanguageSupport(dialects[dialect].language),
    autocompletion({ override: [source], activateOnTyping: true, icons: false, maxRenderedOptions: 80 }),
    hoverTooltip((view, place) => {
      const sql = view.state.doc.toString();
      const token = tokensOf(sql).find((one) => one.from <= place && place <= one.to);
      if (!token || (token.kind !== "word" && token.kind !== "quoted")) return null;
      const text = meaningOf(sql, token.from, token.text, vocabulary());
      if (!text) return null;
      return {
        pos: token.from,
        end: token.to,
        create: () => {
          const dom = document.createElement("div");
          dom.className = "cm-hover";
          dom.textContent = text;
          return { dom };
        },
      };
    }),
  ];
}

/** What a name in a text means: a column with its type, a table, a function; "" where it is unknown. */
export function meaningOf(sql: string, place: number, name: string, vocabulary: Vocabulary): string {
  const scope = scopeAt(sql, place, vocabulary.inputs);
  const qualifier = sql.slice(0, place).match(/["`]?([\p{L}_][\p{L}\p{N}_$ ]*)["`]?\s*\.\s*["`]?$/u)?.[1];
  const source = qualifier ? sourceNamed(scope, qualifier) : undefined;
  const columns = [...(source ? [source] : scope.sources).flatMap((one) => one.columns ?? []), ...vocabulary.columns];
  const column = columns.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (column) return [column.name, column.type].filter(Boolean).join(" · ");
  const table = sourceNamed(scope, name);
  if (table?.columns) return `${table.name} · ${table.columns.map((one) => one.name).join(", ")}`;
  const called = vocabulary.functions.find((one) => one.name.toLowerCase() === name.toLowerCase());
  return called ? [called.signature, called.description].filter(Boolean).join("\n") : "";
}
