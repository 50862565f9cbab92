import { FolderOpen } from "lucide-react";
import { useState } from "react";
import { Combobox } from "../controls/Combobox";
import { SecretMenu } from "../controls/SecretMenu";
import { FilePicker } from "../dialogs/FilePicker";
import { LabelledRow } from "../forms/FieldRow";
import { problemsUnder, within } from "../forms/problems";
import { MISSING } from "../forms/validate";
import { kindOf } from "../model/kinds";
import { useDesigner } from "../store";
import { isAddress } from "./kindNames";
import type { StepView } from "./useStep";

/** Where a step reads or writes: a file of the workspace, a path inside a connection, an address. */
export function PlaceField({ view: { step, problems, set } }: { view: StepView }) {
  const { connections, secrets } = useDesigner((state) => state.catalog);
  const [isPicking, setPicking] = useState(false);
  const kind = kindOf(step);
  const connection = typeof step.params["connection"] === "string" ? step.params["connection"] : "";
  const value = typeof step.value === "string" ? step.value : JSON.stringify(step.value ?? "");
  const isHttp = step.type === "api" || isAddress(step.value);
  const label = isHttp ? "Address" : kind === "ingest" ? "Read from" : "Write to";
  return (
    <div className="form">
      {kind !== "connect" && (
        <LabelledRow
          id="step.value"
          label={label}
          help={isHttp ? undefined : connection ? `A path inside ${connection}.` : "A path inside the workspace, or an address. {date} stands for the day of the run."}
          own={value === "" ? [MISSING] : []}
          theirs={problemsUnder(problems, "value").filter(({ path }) => path === "")}
        >
          {(describedBy, isInvalid) => (
            <div className="text-input">
              <input
                id="step.value"
                type="text"
                autoComplete="off"
                spellCheck={false}
                placeholder={isHttp ? "https://" : kind === "ingest" ? "data/orders.csv" : "output/orders.parquet"}
                aria-describedby={describedBy}
                aria-invalid={isInvalid || undefined}
                value={value}
                onChange={(event) => set(["value"], event.target.value)}
              />
              {!isHttp && !connection && (
                <button type="button" className="icon-button" aria-label="Choose a file" title="Choose a file" onClick={() => setPicking(true)}>
                  <FolderOpen size={15} aria-hidden="true" />
                </button>
              )}
              <SecretMenu secrets={secrets} onChoose={(secret) => set(["value"], value + secret)} />
            </div>
          )}
        </LabelledRow>
      )}
      {(kind === "connect" || (!isHttp && (connections.length > 0 || connection))) && (
        <LabelledRow
          id="step.params.connection"
          label="Connection"
          help={connections.length === 0 ? "No connection is set up in odibi.toml." : undefined}
          isRequired={kind === "connect"}
          own={kind === "connect" && !connection ? ["Choose a connection."] : []}
          theirs={within(problemsUnder(problems, "params"), "connection")}
        >
          {(describedBy, isInvalid) => (
            <Combobox
              id="step.params.connection"
              value={connection}
              placeholder={kind === "connect" ? "Choose a connection" : "None: the workspace"}
              options={[
                ...(kind === "connect" ? [] : [{ value: "", label: "None: the workspace" }]),
                ...connections.map((name) => ({ value: name })),
                ...(connection && !connections.includes(connection) ? [{ value: connection, detail: "unknown" }] : []),
              ]}
              onChange={(name) => set(["params", "connection"], name || undefined)}
              describedBy={describedBy}
              isInvalid={isInvalid}
            />
          )}
        </LabelledRow>
      )}
      {isPicking && (
        <FilePicker
          title={kind === "ingest" ? "Read from" : "Write to"}
          start={value}
          isNew={kind !== "ingest"}
          onChoose={(path) => {
            set(["value"], path);
            setPicking(false);
          }}
          onClose={() => setPicking(false)}
        />
      )}
    </div>
  );
}
