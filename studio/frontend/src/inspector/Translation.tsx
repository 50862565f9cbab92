import type { Api } from "../api";
import { useAnswer } from "../controls/useAnswer";
import { CodeView } from "../editor/CodeView";
import { dialectNames, type Dialect } from "../editor/dialects";
import type { Column, SqlAnswer } from "../messages";
import { useDesigner } from "../store";

interface Wanted {
  readonly sql: string;
  readonly dialect: Dialect;
  /** The columns of the step's inputs. */
  readonly inputs: Record<string, Column[] | null>;
}

/** The SQL of another engine, laid out over lines; as it came where that fails. */
async function translated(api: Api, wanted: Wanted, signal: AbortSignal): Promise<SqlAnswer> {
  const { dialect } = wanted;
  const answer = await api.translateSql(wanted, signal);
  if (answer.problem) return answer;
  const formatted = await api.formatSql({ sql: answer.sql, dialect }, signal);
  return formatted.problem ? answer : { ...answer, sql: formatted.sql };
}

/** A SQL text as another engine reads it, with what may differ there. */
export function Translation(wanted: Wanted) {
  const { sql, dialect } = wanted;
  const api = useDesigner((state) => state.api);
  const key = sql.trim() ? JSON.stringify(wanted) : null;
  const { value, failure, isAsking } = useAnswer(key, (signal) => translated(api, wanted, signal), 200);
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
