import { useAnswer } from "../controls/useAnswer";
import { CodeView } from "../editor/CodeView";
import { dialectNames, type Dialect } from "../editor/dialects";
import { useDesigner } from "../store";

/** A SQL text as another engine reads it, with what may differ there. */
export function Translation({ sql, dialect }: { sql: string; dialect: Dialect }) {
  const api = useDesigner((state) => state.api);
  const key = sql.trim() ? `${dialect}\n${sql}` : null;
  const { value, failure, isAsking } = useAnswer(key, (signal) => api.translateSql({ sql, dialect }, signal), 200);
  if (key === null) return <p className="empty">Write SQL, and see here what {dialectNames[dialect]} reads.</p>;
  const problem = failure ?? value?.problem ?? null;
  return (
    <div className="translation" aria-busy={isAsking}>
      {problem ? (
        <p className="field-message" data-severity="error">
          {problem.what} {problem.fix}
        </p>
      ) : (
        value && <CodeView text={value.sql} language={dialect} label={`SQL for ${dialectNames[dialect]}`} />
      )}
      {!problem &&
        value?.warnings.map((warning) => (
          <p key={warning} className="field-message" data-severity="warning">
            {warning}
          </p>
        ))}
    </div>
  );
}
