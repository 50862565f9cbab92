import { RotateCcw } from "lucide-react";
import { useEffect, useState } from "react";
import { describe } from "../api";
import { useAnswer } from "../controls/useAnswer";
import type { Version } from "../messages";
import { useDesigner, useDesignerStore } from "../store";
import { Dialog } from "./Dialog";
import { DiffView } from "./DiffView";
import { keepFirst } from "./keepFirst";
import { localTime, timeAgo } from "./times";

/** The versions of the design: what changed between two of them, and the way back to one. */
export function HistoryDialog({ before, after }: { before?: number; after?: number }) {
  const store = useDesignerStore();
  const { api, designId } = store.getState();
  const { version: newest, is_changed } = useDesigner((state) => state.design);
  const [pair, setPair] = useState(() => {
    if (before !== undefined) return { before, after: after ?? 0 };
    // What changed last: since the newest version, or with it.
    return is_changed || newest < 2 ? { before: newest, after: 0 } : { before: newest - 1, after: newest };
  });
  const [isKept, setKept] = useState(false);
  const [restoring, setRestoring] = useState<number | null>(null);
  const [refusal, setRefusal] = useState("");
  const close = () => store.getState().showDialog(null);

  // The server compares what it has: the last keystrokes must be there.
  useEffect(() => {
    const tell = (error: unknown) => setRefusal(`${describe(error).what} What is compared is without them.`);
    void keepFirst(store.getState()).catch(tell).finally(() => setKept(true));
  }, [store]);
  const versions = useAnswer(isKept ? `versions:${newest}` : null, (signal) => api.versions(designId, signal));
  const isComparable = isKept && pair.before > 0 && pair.before !== pair.after;
  const diff = useAnswer(isComparable ? `${pair.before}-${pair.after}` : null, (signal) =>
    api.diff(designId, pair.before, pair.after, signal),
  );
  const listed = (versions.value ?? []).toSorted((one, other) => other.number - one.number);

  async function restore(number: number) {
    setRestoring(number);
    try {
      await keepFirst(store.getState());
      const design = await api.restore(designId, number);
      store.getState().accept(design, `Restore version ${number}`);
      store.getState().notify(`Version ${number} is back, as version ${design.version}`);
      close();
    } catch (error) {
      const { what, fix } = describe(error);
      setRefusal([what, fix].filter(Boolean).join(" "));
      setRestoring(null);
    }
  }

  const failure = refusal || (versions.failure ? `${versions.failure.what} ${versions.failure.fix}` : "");
  return (
    <Dialog title="History" size="large" onClose={close}>
      <div className="history">
        <section className="history-list" aria-label="Versions" aria-busy={versions.isAsking}>
          {failure && (
            <p className="field-message" data-severity="error" role="alert">
              {failure}
            </p>
          )}
          {versions.value && listed.length === 0 ? (
            <div className="empty">
              <p>There is no version yet.</p>
              <p>Every change is kept as you work; a version is a state with a name that you can compare with and go back to.</p>
              <button type="button" className="button is-primary" onClick={() => store.getState().showDialog({ kind: "version" })}>
                Save the first version
              </button>
            </div>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">From</th>
                  <th scope="col">To</th>
                  <th scope="col">Version</th>
                </tr>
              </thead>
              <tbody>
                <tr>
                  <td />
                  <td>
                    <Pick name="after" label="Compare to the state now" isChosen={pair.after === 0} onChoose={() => setPair({ ...pair, after: 0 })} />
                  </td>
                  <td>
                    <p className="history-message">Now</p>
                    <p className="history-meta">{is_changed ? `changed since version ${newest}` : `same as version ${newest}`}</p>
                  </td>
                </tr>
                {listed.map((version) => (
                  <Row
                    key={version.number}
                    version={version}
                    pair={pair}
                    onPair={setPair}
                    isNewest={version.number === newest && !is_changed}
                    isBusy={restoring !== null}
                    onRestore={() => void restore(version.number)}
                  />
                ))}
              </tbody>
            </table>
          )}
        </section>
        <section className="history-diff" aria-label="What changed" aria-busy={diff.isAsking}>
          {diff.failure ? (
            <p className="field-message" data-severity="error">
              {diff.failure.what} {diff.failure.fix}
            </p>
          ) : diff.value && isComparable ? (
            <DiffView diff={diff.value} isToNow={pair.after === 0} names={[nameOf(pair.before), nameOf(pair.after)]} />
          ) : (
            <p className="empty">{diff.isAsking ? "Comparing…" : "Choose two versions to see what changed between them."}</p>
          )}
        </section>
      </div>
    </Dialog>
  );
}

function nameOf(version: number): string {
  return version === 0 ? "now" : `version ${version}`;
}

interface RowProps {
  version: Version;
  pair: { before: number; after: number };
  onPair: (pair: { before: number; after: number }) => void;
  isNewest: boolean;
  isBusy: boolean;
  onRestore: () => void;
}

function Row({ version, pair, onPair, isNewest, isBusy, onRestore }: RowProps) {
  const { number, message, author, created, step_count } = version;
  return (
    <tr>
      <td>
        <Pick name="before" label={`Compare from version ${number}`} isChosen={pair.before === number} onChoose={() => onPair({ ...pair, before: number })} />
      </td>
      <td>
        <Pick name="after" label={`Compare to version ${number}`} isChosen={pair.after === number} onChoose={() => onPair({ ...pair, after: number })} />
      </td>
      <td>
        <p className="history-message">
          <span className="history-number">{number}</span> {message || <em>no message</em>}
        </p>
        <p className="history-meta">
          {author} ·{" "}
          <time dateTime={created} title={localTime(created)}>
            {timeAgo(created)}
          </time>{" "}
          · {step_count === 1 ? "1 step" : `${step_count.toLocaleString()} steps`}
        </p>
        {!isNewest && (
          <button type="button" className="button is-small" disabled={isBusy} onClick={onRestore} title="Makes a new version that is as this one; nothing is lost">
            <RotateCcw size={12} aria-hidden="true" /> Restore
          </button>
        )}
      </td>
    </tr>
  );
}

function Pick({ name, label, isChosen, onChoose }: { name: string; label: string; isChosen: boolean; onChoose: () => void }) {
  return <input type="radio" name={name} aria-label={label} checked={isChosen} onChange={onChoose} />;
}
