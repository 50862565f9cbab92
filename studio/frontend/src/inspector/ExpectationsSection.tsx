import { ChevronRight, Sparkles, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { Combobox } from "../controls/Combobox";
import { Section } from "../controls/Section";
import { FormContext, type FormSurroundings } from "../forms/context";
import { Form } from "../forms/Form";
import { problemsUnder, within, type FieldProblem } from "../forms/problems";
import { changeStep } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";
import { focusField } from "./seeking";
import { asExpectation, asForm, columnsFor, datasetsOf, expectationFields, subjectOf, type Expectation } from "./expectationsForm";
import { SuggestDialog } from "./SuggestDialog";
import type { StepView } from "./useStep";

/** What the step's output is expected to be: each expectation with its form. */
export function ExpectationsSection({ view }: { view: StepView }) {
  const { id, step, problems } = view;
  const store = useDesignerStore();
  const forms = useDesigner((state) => state.catalog.expectations);
  const [opened, setOpened] = useState<number | null>(null);
  const [suggests, setSuggests] = useState(false);
  const sought = useDesigner((state) => state.sought);
  const root = useRef<HTMLDivElement>(null);
  const pending = useRef<{ place: number; field: string } | null>(null);
  const { expectations } = step;

  useEffect(() => {
    const place = sought?.field.match(/^expectations\[(\d+)\]/)?.[1];
    if (sought?.id !== id || place === undefined) return;
    pending.current = { place: Number(place), field: sought.field };
    setOpened(Number(place));
  }, [sought, id]);
  useEffect(() => {
    // Its form is on the page only once it is open.
    if (!pending.current || pending.current.place !== opened || !root.current) return;
    focusField(root.current, pending.current.field);
    pending.current = null;
  }, [opened, sought]);

  if (Object.keys(step.outputs).length === 0 && expectations.length === 0) return null;
  const theirs = problemsUnder(problems, "expectations");

  function put(label: string, next: readonly Expectation[], key?: string) {
    store.getState().edit(label, changeStep(id, (before) => ({ ...before, expectations: next as Record<string, unknown>[] })), key);
  }

  function add(check: string) {
    setOpened(expectations.length);
    put(`Expect ${titleOf(check)} of ${step.name}`, [...expectations, { check }]);
  }

  function remove(place: number) {
    setOpened(opened === null || opened === place ? null : opened > place ? opened - 1 : opened);
    put(`Remove an expectation of ${step.name}`, expectations.filter((_one, at) => at !== place));
  }

  function titleOf(check: unknown): string {
    return forms.find((form) => form.check === check)?.title.toLowerCase() ?? String(check);
  }

  return (
    <Section title="Expectations" summary={expectations.length === 0 ? undefined : `${expectations.length}`} hasProblem={theirs.length > 0}>
      <div ref={root} className="expectations">
        {expectations.length === 0 && (
          <p className="field-help">
            Say what the rows of {step.name} must be like, and each run checks it: rows that offend are a warning, a failure, or are set aside to be mended.
          </p>
        )}
        {within(theirs, "").map((problem) => (
          <Message key={problem.what} problem={problem} />
        ))}
        <ol>
          {expectations.map((expectation, place) => (
            <Card
              key={place}
              view={view}
              place={place}
              expectation={expectation}
              problems={within(theirs, place)}
              isOpen={opened === place}
              onToggle={() => setOpened(opened === place ? null : place)}
              onChange={(next, field) => put(`Change ${field} of an expectation of ${step.name}`, expectations.with(place, next as Record<string, unknown>), `${id}:expectations.${place}.${field}`)}
              onRemove={() => remove(place)}
            />
          ))}
        </ol>
        <div className="expectations-add">
          <Combobox
            id="step.expectations"
            label="Add an expectation"
            placeholder="Add an expectation"
            clearsOnChoice
            value=""
            options={forms.map(({ check, title }) => ({ value: check, label: title, detail: check }))}
            onChange={(check) => check && add(check)}
          />
          <button type="button" className="button is-small" onClick={() => setSuggests(true)}>
            <Sparkles size={13} aria-hidden="true" /> Suggest
          </button>
        </div>
      </div>
      {suggests && (
        <SuggestDialog
          view={view}
          onTake={(taken) => put(`Take ${taken.length === 1 ? "a suggestion" : `${taken.length} suggestions`} for ${step.name}`, [...expectations, ...taken])}
          onClose={() => setSuggests(false)}
        />
      )}
    </Section>
  );
}

interface CardProps {
  view: StepView;
  place: number;
  expectation: Expectation;
  problems: readonly FieldProblem[];
  isOpen: boolean;
  onToggle: () => void;
  onChange: (next: Expectation, field: string) => void;
  onRemove: () => void;
}

function Card({ view, place, expectation, problems, isOpen, onToggle, onChange, onRemove }: CardProps) {
  const { id, step } = view;
  const form = useDesigner((state) => state.catalog.expectations.find(({ check }) => check === expectation["check"]));
  const fields = useMemo(() => (form ? expectationFields(form, step, expectation) : []), [form, step, expectation]);
  const given = asForm(expectation, fields);
  const title = form?.title ?? String(expectation["check"] ?? "Expectation");
  const subject = subjectOf(expectation);
  const body = useRef<HTMLDivElement>(null);
  const isNew = useRef(Object.keys(expectation).length === 1);
  const consequence = String(expectation["severity"] ?? expectation["on_change"] ?? fields.find(({ name }) => name === "severity" || name === "on_change")?.default ?? "");

  useEffect(() => {
    if (!isOpen || !isNew.current) return;
    isNew.current = false;
    body.current?.querySelector<HTMLElement>("input, select, textarea, .cm-content")?.focus();
  }, [isOpen]);

  function change(next: Record<string, unknown>) {
    const field = [...Object.keys(next), ...Object.keys(given)].find((name) => next[name] !== given[name]) ?? "";
    onChange(asExpectation(next, fields), field);
  }

  return (
    <li className="expectation" data-invalid={problems.some(({ severity }) => severity === "error") || undefined}>
      <header>
        <button type="button" className="expectation-head" aria-expanded={isOpen} aria-controls={`step.expectations.${place}-form`} onClick={onToggle}>
          <ChevronRight size={13} aria-hidden="true" className="section-mark" />
          <span className="expectation-title">{title}</span>
          <span className="expectation-subject">{subject}</span>
          {problems.length > 0 && <span className="section-problem" role="img" aria-label="has a problem" />}
          {consequence && <span className="badge" data-consequence={consequence}>{consequence}</span>}
        </button>
        <button type="button" className="icon-button" aria-label={`Remove ${title} ${subject}`.trim()} onClick={onRemove}>
          <X size={14} aria-hidden="true" />
        </button>
      </header>
      <div ref={body} className="expectation-body" id={`step.expectations.${place}-form`} hidden={!isOpen}>
        {form?.description && <p className="field-help">{form.description}</p>}
        {within(problems, "").map((problem) => (
          <Message key={problem.what} problem={problem} />
        ))}
        {within(problems, "check").map((problem) => (
          <Message key={problem.what} problem={problem} />
        ))}
        {isOpen && (
          <Surroundings id={id} expectation={expectation}>
            <Form fields={fields} value={given} onChange={change} problems={problems} idPrefix={`step.expectations.${place}`} />
          </Surroundings>
        )}
      </div>
    </li>
  );
}

/** What the fields of an expectation offer: columns of the step's output, not of its inputs. */
function Surroundings({ id, expectation, children }: { id: string; expectation: Expectation; children: React.ReactNode }) {
  const draft = useDesigner((state) => state.draft);
  const truth = useDesigner((state) => state.truth);
  const functions = useDesigner((state) => state.catalog.sql_functions);
  const surroundings = useMemo<FormSurroundings>(() => {
    const inputs = columnsFor(draft, truth, id, expectation);
    return {
      inputs,
      functions,
      parameters: Object.keys(draft.head.parameters),
      // No secret belongs into what is said of rows.
      secrets: [],
      datasets: datasetsOf(draft),
      valueType: inputs["output"]?.find(({ name }) => name === expectation["column"])?.type,
    };
  }, [draft, truth, functions, id, expectation]);
  return <FormContext.Provider value={surroundings}>{children}</FormContext.Provider>;
}

function Message({ problem }: { problem: FieldProblem }) {
  return (
    <p className="field-message" data-severity={problem.severity}>
      {problem.what}
      {problem.fix && <span className="field-fix"> {problem.fix}</span>}
    </p>
  );
}
