import { Section } from "../controls/Section";
import { LabelledRow } from "../forms/FieldRow";
import { MapInput } from "../forms/MapInput";
import { fieldOf } from "../forms/schema";
import type { StepView } from "./useStep";

const OTHERS = fieldOf("metadata", { type: "object", additionalProperties: {} }, {});

/** What people keep with a step: a note, and names with values. It never changes a run. */
export function NotesSection({ view: { step, set } }: { view: StepView }) {
  const { recipe, description, ...others } = step.metadata;
  const isText = description === undefined || typeof description === "string";
  const count = Object.keys(others).length + (description ? 1 : 0);
  return (
    <Section title="Notes" summary={count === 0 ? undefined : typeof description === "string" && description ? description : `${count} set`}>
      <div className="form">
        {isText && (
          <LabelledRow id="step.metadata.description" label="Note" help="For whoever reads the pipeline; it never changes a run.">
            {(describedBy) => (
              <textarea
                id="step.metadata.description"
                rows={3}
                aria-describedby={describedBy}
                value={description ?? ""}
                onChange={(event) => set(["metadata", "description"], event.target.value || undefined)}
              />
            )}
          </LabelledRow>
        )}
        <LabelledRow id="step.metadata" label="Other metadata" isGroup>
          {() => (
            <MapInput
              field={OTHERS}
              value={others}
              onChange={(next) =>
                set(["metadata"], {
                  ...(recipe === undefined ? {} : { recipe }),
                  ...(description === undefined ? {} : { description }),
                  ...((next as Record<string, unknown> | undefined) ?? {}),
                })
              }
              problems={[]}
              id="step.metadata"
            />
          )}
        </LabelledRow>
      </div>
    </Section>
  );
}
