import { closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { standardKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder as placeholderText } from "@codemirror/view";
import { useMemo, useRef } from "react";
import type { Column, SqlFunction } from "../messages";
import type { Vocabulary } from "./completion";
import { sqlLanguage } from "./language";
import { editorTheme } from "./theme";
import { useEditorView } from "./useEditorView";

interface Props {
  id: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder: string;
  inputs: Record<string, Column[] | null>;
  columns: Column[];
  functions: SqlFunction[];
  parameters: string[];
  describedBy?: string | undefined;
  isInvalid?: boolean | undefined;
}

/** One SQL expression, with the completion of the large editor. */
export function SqlLine(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const { inputs, columns, functions, parameters } = props;
  const vocabulary = useRef<Vocabulary>({ inputs, columns, functions, parameters, quote: '"' });
  vocabulary.current = { inputs, columns, functions, parameters, quote: '"' };
  const changing = useMemo(
    () => [
      sqlLanguage("duckdb", () => vocabulary.current),
      placeholderText(props.placeholder),
      EditorView.contentAttributes.of({
        id: props.id,
        "aria-label": props.label,
        ...(props.describedBy ? { "aria-describedby": props.describedBy } : {}),
        ...(props.isInvalid ? { "aria-invalid": "true" } : {}),
      }),
    ],
    [props.id, props.label, props.placeholder, props.describedBy, props.isInvalid],
  );
  useEditorView(host, {
    value: props.value,
    onChange: props.onChange,
    changing,
    fixed: () => [
      drawSelection(),
      bracketMatching(),
      closeBrackets(),
      EditorView.lineWrapping,
      // A line break would end the expression for its reader, not for SQL: it becomes a blank.
      EditorState.transactionFilter.of((change) =>
        change.newDoc.lines > 1
          ? [{ changes: { from: 0, to: change.startState.doc.length, insert: change.newDoc.toString().replaceAll("\n", " ") } }]
          : change,
      ),
      keymap.of([...completionKeymap, ...standardKeymap]),
      editorTheme,
    ],
  });
  return <div ref={host} className="sql-line" data-invalid={props.isInvalid || undefined} />;
}
