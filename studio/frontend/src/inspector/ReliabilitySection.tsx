import { Section } from "../controls/Section";
import { Form } from "../forms/Form";
import { problemsUnder } from "../forms/problems";
import { useDesigner } from "../store";
import { countSet, RELIABILITY, reliabilityFields, settingsFields } from "./settingsForm";
import type { StepView } from "./useStep";

/** Retries, time limit, and whether the result is kept. */
export function ReliabilitySection({ view: { step, problems, set } }: { view: StepView }) {
  const catalog = useDesigner((state) => state.catalog);
  const fields = reliabilityFields(settingsFields(catalog, step));
  if (fields.length === 0) return null;
  const theirs = problemsUnder(problems, "params");
  return (
    <Section
      title="Retries, time limit, cache"
      summary={countSet(fields, step.params)}
      hasProblem={theirs.some(({ path }) => RELIABILITY.has(path))}
    >
      <Form fields={fields} value={step.params} onChange={(params) => set(["params"], params)} problems={theirs} idPrefix="step.params" />
    </Section>
  );
}
