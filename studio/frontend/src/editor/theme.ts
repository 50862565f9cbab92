import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, RangeSetBuilder, type Extension } from "@codemirror/state";
import { Decoration, EditorView, MatchDecorator, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Colours by the page's variables, so that light and dark need no other editor. */
const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)", fontWeight: "500" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.typeName, tags.className], color: "var(--code-type)" },
  { tag: [tags.function(tags.variableName), tags.definition(tags.variableName)], color: "var(--code-name)" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-name)" },
  { tag: tags.special(tags.name), color: "var(--code-string)" },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: "var(--code-comment)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { color: "inherit", backgroundColor: "transparent", fontSize: "13px", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--code)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--text)", padding: "8px 0" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "color-mix(in srgb, var(--accent) 24%, transparent) !important",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--text) 4%, transparent)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--muted)", border: "none" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--accent) 22%, transparent) !important" },
  ".cm-run-value": { color: "var(--code-type)", backgroundColor: "color-mix(in srgb, var(--code-type) 12%, transparent)", borderRadius: "3px" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--error) 1.5px", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warning) 1.5px", textUnderlineOffset: "3px" },
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    boxShadow: "var(--shadow-raised)",
    fontSize: "13px",
    maxWidth: "420px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxHeight: "260px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 8px", display: "flex", gap: "8px", alignItems: "baseline" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { color: "var(--text)", background: "color-mix(in srgb, var(--accent) 18%, transparent)" },
  ".cm-completionLabel": { fontFamily: "var(--code)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--accent)" },
  ".cm-completionDetail": { marginLeft: "auto", fontStyle: "normal", color: "var(--muted)", fontSize: "12px" },
  ".cm-completionIcon": { width: "1.2em", opacity: "0.7", paddingRight: "0" },
  ".cm-completionInfo": { padding: "6px 10px", maxWidth: "300px" },
  ".cm-diagnostic": { padding: "6px 10px", whiteSpace: "pre-wrap", borderLeftWidth: "3px" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warning)" },
  ".cm-diagnosticAction": { color: "var(--on-accent)", backgroundColor: "var(--accent)", borderRadius: "4px", padding: "2px 8px", cursor: "pointer" },
  ".cm-panels": { color: "var(--text)", backgroundColor: "var(--ground)" },
  ".cm-hover": { padding: "5px 10px" },
});

const runValues = new MatchDecorator({
  regexp: /\$?\{[A-Za-z_][\w:]*\}/g,
  decoration: Decoration.mark({ class: "cm-run-value" }),
});

/** Marks `{date}` and `${secret:NAME}`: values that a run puts in. */
const runValueMarks = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = runValues.createDeco(view);
    }

    update(update: ViewUpdate) {
      this.decorations = runValues.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

export const editorTheme: Extension = [look, syntaxHighlighting(highlight), runValueMarks];

const changeMarks = {
  "+": Decoration.line({ class: "cm-diff-added" }),
  "-": Decoration.line({ class: "cm-diff-removed" }),
  "@": Decoration.line({ class: "cm-diff-place" }),
};

/** Colours the lines of a unified diff. */
export const diffLines: Extension = EditorView.decorations.compute(["doc"], (state: EditorState) => {
  const marks = new RangeSetBuilder<Decoration>();
  for (let number = 1; number <= state.doc.lines; number += 1) {
    const line = state.doc.line(number);
    const mark = /^(\+\+\+|---)/.test(line.text) ? undefined : changeMarks[line.text[0] as "+" | "-" | "@"];
    if (mark) marks.add(line.from, line.from, mark);
  }
  return marks.finish();
});
