import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useMemo, useRef } from "react";
import { duckdb, spark } from "./dialects";
import { diffLines, editorTheme } from "./theme";
import { useEditorView } from "./useEditorView";

export type CodeLanguage = "yaml" | "python" | "diff" | "duckdb" | "spark";

const languages: Record<CodeLanguage, () => Extension> = {
  yaml,
  python,
  diff: () => diffLines,
  duckdb: () => duckdb.extension,
  spark: () => spark.extension,
};

/** A text that is read, not changed, with its language's colours. */
export function CodeView({ text, language, label }: { text: string; language: CodeLanguage; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const changing = useMemo(
    () => [languages[language](), EditorView.contentAttributes.of({ "aria-label": label })],
    [language, label],
  );
  useEditorView(host, {
    value: text,
    changing,
    fixed: () => [lineNumbers(), EditorState.readOnly.of(true), EditorView.editable.of(false), readable, editorTheme],
  });
  return <div ref={host} className="code-view" />;
}

// Not editable, yet reached by the keyboard, for scrolling and copying.
const readable = EditorView.contentAttributes.of({ tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-multiline": "true" });
