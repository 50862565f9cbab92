import { CodeXml } from "lucide-react";
import { useMemo } from "react";
import { CodeView } from "../editor/CodeView";
import { Form } from "../forms/Form";
import { problemsUnder, within } from "../forms/problems";
import { fieldsOf, type JsonSchema } from "../forms/schema";
import { recipeOf } from "../model/kinds";
import { changeStep } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";
import { useRecipe } from "./recipeKeeper";
import { SqlSection } from "./SqlSection";
import { problemsAt, type StepView } from "./useStep";

/** A self-service step: its form, and the SQL that the form makes. */
export function RecipeSection({ view }: { view: StepView }) {
  const { id, step, set } = view;
  const store = useDesignerStore();
  const recipe = recipeOf(step)!;
  const form = useDesigner((state) => state.catalog.recipes.find((one) => one.name === recipe.name));
  const [made, keeper] = useRecipe(id);
  const fields = useMemo(() => (form ? fieldsOf(form.settings as JsonSchema) : []), [form]);
  if (!form) return <UnknownRecipe view={view} />;

  const missing = form.inputs - Object.values(step.inputs).filter(Boolean).length;
  const isOther = !made.isAsking && made.sql !== "" && step.value !== "" && step.value !== made.sql;
  const theirs = made.problems.map((problem) => ({ ...problem, field: problem.field.replace(/^settings\./, "") }));
  const placed = problemsUnder(theirs, "");
  const loose = placed.filter(({ path }) => !fields.some((field) => within([{ path, what: "", fix: "", severity: "error" }], field.name).length > 0));
  const ofSql = made.problems.length === 0 ? problemsAt(view.problems, "value") : [];

  function toSql() {
    const { edit, notify } = store.getState();
    edit(
      `Convert ${step.name} to SQL`,
      changeStep(id, (before) => {
        const { recipe: _form, ...metadata } = before.metadata;
        return { ...before, metadata };
      }),
    );
    notify(`${step.name} is a SQL step now; undo brings the form back`);
  }

  return (
    <section className="recipe" aria-label={form.title}>
      <p className="recipe-about">{form.description}</p>
      {missing > 0 && (
        <p className="hint">Connect {missing === 1 ? "an input" : `${missing} inputs`} on the canvas: then its columns can be chosen here.</p>
      )}
      <Form
        fields={fields}
        value={recipe.settings}
        onChange={(settings) => set(["metadata", "recipe"], { name: recipe.name, settings })}
        problems={placed}
        idPrefix="step.metadata.recipe.settings"
      />
      {[...loose.map(({ what, fix, severity }) => ({ what, fix, severity })), ...ofSql].map((problem) => (
        <p key={problem.what} className="field-message" data-severity={problem.severity}>
          {problem.what}
          {problem.fix && <span className="field-fix"> {problem.fix}</span>}
        </p>
      ))}
      {made.failure && (
        <p className="field-message" data-severity="error" role="alert">
          {made.failure.what} {made.failure.fix}
        </p>
      )}
      {isOther && (
        <div className="hint" role="status">
          <p>The step’s SQL is not what this form makes: somebody changed it.</p>
          <button type="button" className="button is-small" onClick={() => keeper.restore(id)}>
            Take the form’s SQL
          </button>
          <button type="button" className="button is-small" onClick={toSql}>
            Keep the SQL, leave the form
          </button>
        </div>
      )}
      <div className="recipe-sql" id="step.value" aria-busy={made.isAsking}>
        <header>
          <span className="field-label">SQL that it makes</span>
          <button type="button" className="button is-small" onClick={toSql} disabled={!step.value}>
            <CodeXml size={14} aria-hidden="true" /> Convert to SQL
          </button>
        </header>
        {step.value ? (
          <CodeView text={String(step.value)} language="duckdb" label="SQL that the form makes" />
        ) : (
          <p className="empty">Fill in the form, and its SQL appears here.</p>
        )}
      </div>
    </section>
  );
}

/** A form of another version of the Studio: the SQL is all there is. */
function UnknownRecipe({ view }: { view: StepView }) {
  return (
    <>
      <p className="hint">This Studio has no form {recipeOf(view.step)?.name}: the step is edited as SQL.</p>
      <SqlSection view={view} />
    </>
  );
}
