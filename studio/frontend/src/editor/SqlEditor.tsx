import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Prec, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder as placeholderText,
} from "@codemirror/view";
import { useEffect, useMemo, useRef } from "react";
import type { Column, ProblemForm, SqlFunction } from "../messages";
import type { Vocabulary } from "./completion";
import { diagnosticsOf } from "./diagnostics";
import type { Dialect } from "./dialects";
import { sqlLanguage } from "./language";
import { editorTheme } from "./theme";
import { useEditorView } from "./useEditorView";

export interface SqlEditorProps {
  id: string;
  value: string;
  onChange: (value: string) => void;
  inputs: Record<string, Column[] | null>;
  functions: SqlFunction[];
  parameters: string[];
  problems: readonly ProblemForm[];
  dialect: Dialect;
  onFormat: () => void;
  /** Ctrl-Enter. */
  onRun: () => void;
  /** What Ctrl-Enter does, in a word. */
  run: string;
  /** What else the editor has; it stays the same. */
  more?: Extension;
}

/** SQL: completion, marks under wrong words, formatting (Shift-Alt-F), a preview or a query of it (Ctrl-Enter). */
export function SqlEditor(props: SqlEditorProps) {
  const { value, onChange, inputs, functions, parameters, problems, dialect } = props;
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const vocabulary = useRef<Vocabulary>({ inputs, columns: [], functions, parameters, quote: '"' });
  vocabulary.current = { inputs, columns: [], functions, parameters, quote: dialect === "spark" ? "`" : '"' };
  const changing = useMemo(() => sqlLanguage(dialect, () => vocabulary.current), [dialect]);

  const view = useEditorView(host, {
    value,
    onChange,
    changing,
    fixed: () => [
      commands({
        format: () => latest.current.onFormat(),
        run: () => latest.current.onRun(),
      }),
      frame,
      props.more ?? [],
      placeholderText("SELECT … FROM …"),
      EditorView.contentAttributes.of({ id: props.id, "aria-label": "SQL", "aria-describedby": `${props.id}-keys` }),
    ],
  });

  useEffect(() => {
    const shown = view.current;
    if (shown) shown.dispatch(setDiagnostics(shown.state, diagnosticsOf(problems, shown.state.doc)));
  }, [view, problems]);

  return (
    <div className="sql-editor">
      <div ref={host} className="sql-editor-host" />
      <p id={`${props.id}-keys`} className="sql-editor-keys">
        <span>
          <kbd>Ctrl Enter</kbd> {props.run}
        </span>
        <span>
          <kbd>Shift Alt F</kbd> format
        </span>
        <span>
          <kbd>Ctrl Space</kbd> complete
        </span>
        <span>
          <kbd>Esc</kbd> then <kbd>Tab</kbd> leave
        </span>
      </p>
    </div>
  );
}

const frame: Extension = [
  lineNumbers(),
  highlightSpecialChars(),
  drawSelection(),
  highlightActiveLine(),
  highlightSelectionMatches(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  search({ top: true }),
  EditorView.lineWrapping,
  editorTheme,
];

function commands(called: Record<"format" | "run", () => void>): Extension {
  const then = (command: () => void) => () => {
    command();
    return true;
  };
  return [
    Prec.high(
      keymap.of([
        { key: "Mod-Enter", run: then(called.run), preventDefault: true },
        { key: "Shift-Alt-f", run: then(called.format), preventDefault: true },
      ]),
    ),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...searchKeymap, ...defaultKeymap, indentWithTab]),
  ];
}
