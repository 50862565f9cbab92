import type { Column } from "../messages";
import { shownStep, useDesigner, useDesignerStore } from "../store";
import { counted } from "./cells";
import { Empty, Failure } from "./Empty";
import { panelState } from "./panelState";
import { schemaChanges, type ColumnChange } from "./schemaChanges";

const SIGNS: Record<ColumnChange["change"], string> = { same: "", added: "+", removed: "−", changed: "~" };

/** The columns of each port of the selected step; outputs against what comes in. */
export function SchemaTab() {
  const id = useDesigner(shownStep);
  const step = useDesigner((state) => state.draft.steps[id ?? ""]);
  const truth = useDesigner((state) => state.truth.steps[id ?? ""]);
  const checking = useDesigner((state) => state.checking);
  if (!step) return <Empty>Select a step to see the columns of its inputs and outputs.</Empty>;
  if (!truth) {
    return checking.kind === "failed" ? <Failure why={checking.why} /> : <Empty>{checking.kind === "asking" ? "Finding out…" : "Nothing is known of this step yet."}</Empty>;
  }
  const inputs = Object.entries(truth.inputs);
  return (
    <div className="schema">
      {inputs.map(([port, columns]) => (
        <Port key={`in:${port}`} side="In" port={port} dataset={step.inputs[port] ?? ""} columns={columns} />
      ))}
      {Object.entries(truth.outputs).map(([port, columns]) => (
        <Port key={`out:${port}`} side="Out" port={port} dataset={step.outputs[port] ?? ""} columns={columns} against={inputs.map(([, known]) => known)} />
      ))}
      {inputs.length === 0 && Object.keys(truth.outputs).length === 0 && <Empty>This step has no columns: nothing flows in or out.</Empty>}
    </div>
  );
}

interface PortProps {
  side: "In" | "Out";
  port: string;
  dataset: string;
  columns: Column[] | null;
  against?: (Column[] | null)[];
}

function Port({ side, port, dataset, columns, against }: PortProps) {
  const showPanel = useDesigner((state) => state.showPanel);
  const store = useDesignerStore();
  const changes = columns && against ? schemaChanges(columns, against) : (columns ?? []).map(same);
  const many = (change: ColumnChange["change"]) => changes.filter((one) => one.change === change).length;
  const summary = (["added", "removed", "changed"] as const).filter((change) => many(change) > 0).map((change) => `${many(change)} ${change}`);
  return (
    <section className="schema-port">
      <h3>
        <span className="preview-side">{side}</span> {port === dataset || port === "data" ? dataset || port : `${port} · ${dataset}`}
        <small>
          {columns ? counted(columns.length, "column") : ""}
          {summary.length > 0 && ` · ${summary.join(", ")}`}
        </small>
      </h3>
      {columns === null ? (
        <p className="field-help">Only a run can tell its columns.</p>
      ) : (
        <table>
          <tbody>
            {changes.map(({ name, type, change, before }) => (
              <tr key={`${change}${name}`} data-change={change}>
                <td className="schema-sign">
                  <span role="img" aria-label={change === "same" ? undefined : change} title={change === "same" ? undefined : change}>
                    {SIGNS[change]}
                  </span>
                </td>
                <th scope="row">
                  {side === "Out" && change !== "removed" ? (
                    <button type="button" title="Show its profile" onClick={() => profile(name)}>
                      {name}
                    </button>
                  ) : (
                    name
                  )}
                </th>
                <td>
                  {before && (
                    <>
                      <code className="schema-before">{before}</code> →{" "}
                    </>
                  )}
                  <code>{type}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );

  function profile(name: string) {
    const step = shownStep(store.getState());
    if (step === null) return;
    panelState.setState({ column: { step, port, name } });
    showPanel("profile");
  }
}

function same({ name, type }: Column): ColumnChange {
  return { name, type, change: "same", before: "" };
}
