import { history, historyKeymap } from "@codemirror/commands";
import { EditorView, keymap, ViewPlugin } from "@codemirror/view";
import { useEffect, useMemo, useRef, useState, type FocusEvent } from "react";
import { type Access, createApi, describe } from "../api";
import { SqlEditor } from "../editor/SqlEditor";
import { tokensOf } from "../editor/tokens";
import type { Column, SqlFunction } from "../messages";
import { useIsDark } from "../theme";

/** What the page says of the query. */
export interface Told extends Access {
  sql: string;
  /** Another number: the page has put another text in the place of what stands in the editor. */
  revision: number;
  /** How many texts were put in so far, and the last of them. */
  insertion: [number, string];
  datasets: string[];
}

/** What the editor says to the page: the text when it is left, and the text that is to be asked. */
export type Said = {
  sql: string;
  run: string;
};

interface QueryEditorProps {
  told: Told;
  host: HTMLElement;
  onText: (sql: string) => void;
  onRun: (sql: string) => void;
}

/** A SQL query over the datasets of the workspace. */
export function QueryEditor({ told, host, onText, onRun }: QueryEditorProps) {
  const [sql, setSql] = useState(told.sql);
  const [trouble, setTrouble] = useState("");
  const said = useRef(told.sql);
  const view = useRef<EditorView | null>(null);
  const api = useMemo(() => createApi({ api: told.api, token: told.token }), [told.api, told.token]);
  const { columns, functions } = useVocabulary(api, told.datasets, sql);
  const isDark = useIsDark(host);

  useEffect(() => {
    host.dataset["theme"] = isDark ? "dark" : "light";
  }, [host, isDark]);

  useChanged(told.revision, () => {
    said.current = told.sql;
    setSql(told.sql);
  });
  useChanged(told.insertion[0], () => {
    if (view.current) insert(view.current, told.insertion[1]);
  });

  const more = useMemo(
    () => [
      history(),
      keymap.of(historyKeymap),
      ViewPlugin.define((shown) => {
        view.current = shown;
        return {};
      }),
    ],
    [],
  );

  const leave = (event: FocusEvent) => {
    if (event.currentTarget.contains(event.relatedTarget) || sql === said.current) return;
    said.current = sql;
    onText(sql);
  };

  const format = async () => {
    const before = sql;
    if (!before.trim()) return;
    try {
      const answer = await api.formatSql({ sql: before, dialect: "duckdb" });
      setTrouble(answer.problem ? `Not formatted: ${answer.problem.what}` : "");
      if (!answer.problem) setSql((now) => (now === before ? answer.sql : now));
    } catch (error) {
      setTrouble(`Not formatted: ${describe(error).what}`);
    }
  };

  return (
    <div onBlur={leave}>
      <SqlEditor
        id="query"
        value={sql}
        onChange={(text) => {
          setTrouble("");
          setSql(text);
        }}
        inputs={columns}
        functions={functions}
        parameters={[]}
        problems={[]}
        dialect="duckdb"
        onFormat={() => void format()}
        onRun={() => {
          said.current = sql;
          onRun(sql);
        }}
        run="run"
        more={more}
      />
      {trouble && <p role="status" className="query-trouble">{trouble}</p>}
    </div>
  );
}

/** Calls when a value is another than at the last look; not at the first. */
function useChanged(value: number, call: () => void): void {
  const before = useRef(value);
  useEffect(() => {
    if (before.current === value) return;
    before.current = value;
    call();
  });
}

/** Puts a text where the cursor is, apart from the word before it. */
function insert(view: EditorView, text: string): void {
  const { from } = view.state.selection.main;
  const before = view.state.sliceDoc(from - 1, from);
  view.dispatch(view.state.replaceSelection(/[\p{L}\p{N}_"`,)*]/u.test(before) ? ` ${text}` : text), { scrollIntoView: true });
  view.focus();
}

/** The columns of the datasets that a text names, asked for once each, and the functions of SQL. */
function useVocabulary(api: ReturnType<typeof createApi>, datasets: string[], sql: string) {
  const [functions, setFunctions] = useState<SqlFunction[]>([]);
  const [known, setKnown] = useState<Record<string, Column[]>>({});
  const asked = useRef(new Set<string>());

  useEffect(() => {
    const giving = new AbortController();
    api.catalog(giving.signal).then((catalog) => setFunctions(catalog.sql_functions), ignored);
    return () => giving.abort();
  }, [api]);

  useEffect(() => {
    const words = new Set(tokensOf(sql).map((token) => token.text.toLowerCase()));
    for (const name of datasets) {
      if (!words.has(name.toLowerCase()) || asked.current.has(name)) continue;
      asked.current.add(name);
      api.datasetColumns(name).then(
        (found) => setKnown((before) => ({ ...before, [name]: found.columns })),
        // The query itself will say what is wrong with it; a later word may find it there.
        () => asked.current.delete(name),
      );
    }
  }, [api, datasets, sql]);

  const columns = useMemo(() => Object.fromEntries(datasets.map((name) => [name, known[name] ?? null])), [datasets, known]);
  return { columns, functions };
}

function ignored(): void {
  // Without the names of functions the editor completes columns and tables all the same.
}
