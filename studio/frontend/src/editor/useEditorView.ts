import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, tooltips } from "@codemirror/view";
import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

/** Marks a change that came from outside, such as an undo: it is not told back. */
const fromOutside = Annotation.define<boolean>();

interface Setup {
  value: string;
  onChange?: ((value: string) => void) | undefined;
  /** Extensions that stay; those that change lie in `changing`. */
  fixed: () => Extension;
  changing: Extension;
}

/** A CodeMirror view in an element, in step with a value. The page's own undo is the only one: the view keeps no history. */
export function useEditorView(host: RefObject<HTMLElement | null>, setup: Setup): RefObject<EditorView | null> {
  const view = useRef<EditorView | null>(null);
  const latest = useRef(setup);
  const compartment = useRef(new Compartment());
  latest.current = setup;

  useLayoutEffect(() => {
    const parent = host.current!;
    const root = parent.getRootNode();
    const created = new EditorView({
      parent,
      root: root instanceof ShadowRoot || root instanceof Document ? root : document,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          latest.current.fixed(),
          tooltips({ position: "fixed" }),
          compartment.current.of(latest.current.changing),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged || update.transactions.some((one) => one.annotation(fromOutside))) return;
            latest.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = created;
    return () => {
      view.current = null;
      created.destroy();
    };
  }, [host]);

  useEffect(() => {
    view.current?.dispatch({ effects: compartment.current.reconfigure(setup.changing) });
  }, [setup.changing]);

  useEffect(() => {
    const shown = view.current;
    if (!shown) return;
    const change = changeTo(shown.state.doc.toString(), setup.value);
    if (change) shown.dispatch({ changes: change, annotations: fromOutside.of(true) });
  }, [setup.value]);

  return view;
}

/** The smallest single change that makes one text the other, so that cursor and marks outside it stay. */
export function changeTo(before: string, after: string): { from: number; to: number; insert: string } | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from += 1;
  let same = 0;
  while (same < shorter - from && before[before.length - 1 - same] === after[after.length - 1 - same]) same += 1;
  return { from, to: before.length - same, insert: after.slice(from, after.length - same) };
}
