import { Check, Copy, Download } from "lucide-react";
import { useEffect, useState } from "react";
import { describe } from "../api";
import { useAnswer } from "../controls/useAnswer";
import { CodeView } from "../editor/CodeView";
import { useDesigner, useDesignerStore } from "../store";
import { Dialog } from "./Dialog";
import { keepFirst } from "./keepFirst";

type Form = "yaml" | "python";

const ABOUT: Record<Form, string> = {
  yaml: "For git and review: the command odibi run takes it as it is.",
  python: "A script that runs with odibi_core alone, without the Studio.",
};

/** The pipeline as a file, shown before it is taken. */
export function ExportDialog({ form: first }: { form: Form }) {
  const store = useDesignerStore();
  const { api, designId } = store.getState();
  const errors = useDesigner((state) => state.truth.problems.filter((problem) => problem.severity === "error").length);
  const [form, setForm] = useState<Form>(first);
  const [isKept, setKept] = useState(false);
  const [isCopied, setCopied] = useState(false);
  const close = () => store.getState().showDialog(null);

  useEffect(() => {
    const tell = (error: unknown) => store.getState().notify(`${describe(error).what} The file is without them.`, "error");
    void keepFirst(store.getState()).catch(tell).finally(() => setKept(true));
  }, [store]);
  const { value, failure, isAsking, key } = useAnswer(isKept ? form : null, (signal) => api.export(designId, form, signal));
  const shown = key === form ? value : null;

  async function copy() {
    if (!shown) return;
    try {
      await navigator.clipboard.writeText(shown.text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      store.getState().notify("The browser does not let this page copy: select the text and press Ctrl-C", "error");
    }
  }

  return (
    <Dialog
      title="Export"
      size="large"
      onClose={close}
      actions={
        <>
          <span className="field-help">{shown?.file_name}</span>
          <span className="spacer" />
          <button type="button" className="button" disabled={!shown} onClick={() => void copy()}>
            {isCopied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />} {isCopied ? "Copied" : "Copy"}
          </button>
          <button type="button" className="button is-primary" disabled={!shown} onClick={() => shown && download(shown.file_name, shown.text)}>
            <Download size={14} aria-hidden="true" /> Download
          </button>
        </>
      }
    >
      <div className="export-head">
        <div className="tabs-small" role="tablist" aria-label="Form of the file">
          {(["yaml", "python"] as const).map((one) => (
            <button key={one} type="button" role="tab" aria-selected={form === one} onClick={() => setForm(one)}>
              {one === "yaml" ? "YAML" : "Python"}
            </button>
          ))}
        </div>
        <p className="field-help">{ABOUT[form]}</p>
      </div>
      {errors > 0 && (
        <p className="hint" data-severity="warning">
          {errors === 1 ? "One problem is" : `${errors} problems are`} open: the file will not run as it is.
        </p>
      )}
      {failure ? (
        <p className="field-message" data-severity="error" role="alert">
          {failure.what} {failure.where && `(${failure.where})`} {failure.fix}
        </p>
      ) : shown ? (
        <CodeView text={shown.text} language={form} label={`The file ${shown.file_name}`} />
      ) : (
        <p className="empty">{isAsking ? "Writing the file…" : ""}</p>
      )}
    </Dialog>
  );
}

/** Hands a text to the browser as a file to keep. */
export function download(fileName: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}
