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
import { connectionOf } from "./settingsForm";
import type { StepView } from "./useStep";

/** Where a step reads or writes: a file of the workspace, a path inside a connection, an address. */
export function PlaceField({ view: { step, problems, set } }: { view: StepView }) {
  const catalog = useDesigner((state) => state.catalog);
  const { connections, secrets } = catalog;
  const [isPicking, setPicking] = useState(false);
  const kind = kindOf(step);
  const connection = typeof step.params["connection"] === "string" ? step.params["connection"] : "";
  const value = typeof step.value === "string" ? step.value : JSON.stringify(step.value ?? "");
  const isHttp = step.type === "api" || isAddress(step.value);
  const words = isHttp ? ADDRESS : wordsFor(connectionOf(catalog, step)?.format ?? "", kind === "ingest", connection);
  return (
    <div className="form">
      {kind !== "connect" && (
        <LabelledRow
          id="step.value"
          label={words.label}
          help={words.help}
          own={value === "" && !words.isOptional ? [MISSING] : []}
          theirs={problemsUnder(problems, "value").filter(({ path }) => path === "")}
        >
          {(describedBy, isInvalid) => (
            <div className="text-input">
              <input
                id="step.value"
                type="text"
                autoComplete="off"
                spellCheck={false}
                placeholder={words.example}
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
                ...connections.map(({ name, place }) => ({ value: name, detail: place })),
                ...(connection && !connections.some(({ name }) => name === connection) ? [{ value: connection, detail: "unknown" }] : []),
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

interface Words {
  label: string;
  help: string | undefined;
  example: string;
  isOptional?: boolean;
}

const ADDRESS: Words = { label: "Address", help: undefined, example: "https://" };

/** What a place is called, by the format behind its connection. */
function wordsFor(format: string, isRead: boolean, connection: string): Words {
  if (format === "http") return { label: "Path", help: `What stands behind the address of ${connection}; may be empty.`, example: "orders", isOptional: true };
  if (format) {
    const label = isRead ? "Table or query" : "Table";
    return { label, help: `${label} of ${connection}.`, example: isRead ? "orders, or SELECT …" : "orders" };
  }
  return {
    label: isRead ? "Read from" : "Write to",
    help: connection ? `A path inside ${connection}.` : "A path inside the workspace, or an address. {date} stands for the day of the run.",
    example: isRead ? "data/orders.csv" : "output/orders.parquet",
  };
}
