import { useMemo } from "react";
import { useAnswer } from "../controls/useAnswer";
import type { Column, ProfileAnswer } from "../messages";
import type { StepId } from "../model/draft";
import { shownStep, useDesigner, useDesignerStore } from "../store";
import { cellText, counted, isNumeric } from "./cells";
import { Empty, Failure } from "./Empty";
import { panelState, usePanel } from "./panelState";
import { pipelineUpTo, valuesFor } from "./previewKey";
import { usePreviewParameters } from "./previewParameters";

/** What the values of a column of the selected step are like. */
export function ProfileTab() {
  const id = useDesigner(shownStep);
  const outputs = useDesigner((state) => state.truth.steps[id ?? ""]?.outputs);
  const chosen = usePanel((state) => state.column);
  if (id === null) return <Empty>Select a step, then one of its columns.</Empty>;
  const ports = Object.entries(outputs ?? {});
  const first = ports.find(([, columns]) => columns?.length);
  const known = chosen?.step === id ? chosen : null;
  const column = known ?? (first ? { step: id, port: first[0], name: first[1]![0]!.name } : null);
  if (!column) return <Empty>{ports.some(([, columns]) => columns === null) ? "Only a run can tell the columns of this step." : "This step gives no columns."}</Empty>;
  return (
    <div className="profile">
      <nav className="profile-columns" aria-label="Columns">
        {ports.map(([port, columns]) => (
          <ul key={port} aria-label={port}>
            {(columns ?? []).map(({ name, type }) => (
              <li key={name}>
                <button
                  type="button"
                  aria-current={(column.port === port && column.name === name) || undefined}
                  onClick={() => panelState.setState({ column: { step: id, port, name } })}
                >
                  <span>{name}</span>
                  <code>{type}</code>
                </button>
              </li>
            ))}
          </ul>
        ))}
      </nav>
      <Profile id={id} port={column.port} name={column.name} />
    </div>
  );
}

function Profile({ id, port, name }: { id: StepId; port: string; name: string }) {
  const store = useDesignerStore();
  const draft = useDesigner((state) => state.draft);
  const given = usePreviewParameters(store);
  const pipeline = useMemo(() => pipelineUpTo(draft, id), [draft.steps, draft.order, draft.head, id]);
  const parameters = useMemo(() => valuesFor(pipeline, given), [pipeline, given]);
  const step = draft.steps[id]!.name;
  const key = useMemo(() => JSON.stringify([step, port, name, parameters, pipeline]), [step, port, name, parameters, pipeline]);
  const { value, failure, isAsking } = useAnswer<ProfileAnswer>(
    key,
    (signal) => store.getState().api.profile({ pipeline, step, port, column: name, parameters }, signal),
    80,
  );
  const shown = value?.column.name === name ? value : null;
  if (failure && !isAsking) return <Failure why={failure} />;
  if (!shown) return <Empty>{isAsking ? "Counting…" : ""}</Empty>;
  return (
    <div className="profile-body" data-stale={isAsking || undefined}>
      <Numbers profile={shown} />
      {shown.histogram.length > 0 && <Histogram profile={shown} />}
      {shown.most_frequent.length > 0 && <Frequent profile={shown} />}
    </div>
  );
}

function Numbers({ profile }: { profile: ProfileAnswer }) {
  const { column, row_count, null_count, distinct_count, minimum, maximum, mean, is_sample } = profile;
  const facts: [string, string | null, string?][] = [
    ["Rows", row_count.toLocaleString()],
    ["Null", null_count.toLocaleString(), share(null_count, row_count)],
    ["Distinct", distinct_count.toLocaleString(), distinct_count === row_count && row_count > 0 ? "all differ" : undefined],
    ["Least", text(minimum, column)],
    ["Greatest", text(maximum, column)],
    ["Mean", text(mean, { ...column, type: isNumeric(column.type) ? "DOUBLE" : column.type })],
  ];
  return (
    <section className="profile-numbers">
      <h3>
        {column.name} <code>{column.type}</code>
        {is_sample && (
          <span className="badge" title="Counted over samples of the sources, not over all of their rows">
            sample
          </span>
        )}
      </h3>
      <dl>
        {facts
          .filter(([, fact]) => fact !== null)
          .map(([label, fact, more]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd title={fact!}>
                {fact} {more && <small>{more}</small>}
              </dd>
            </div>
          ))}
      </dl>
      <div className="profile-nulls" role="img" aria-label={`${share(null_count, row_count)} of the values are null`}>
        <i style={{ width: `${row_count === 0 ? 0 : (100 * (row_count - null_count)) / row_count}%` }} />
      </div>
    </section>
  );
}

const CHART = { width: 420, height: 120 };

function Histogram({ profile: { histogram, column } }: { profile: ProfileAnswer }) {
  const highest = Math.max(...histogram.map((bin) => bin.count), 1);
  const width = CHART.width / histogram.length;
  const [first, last] = [histogram[0]!, histogram.at(-1)!];
  return (
    <section className="profile-histogram">
      <h3>Distribution</h3>
      <svg viewBox={`0 0 ${CHART.width} ${CHART.height}`} preserveAspectRatio="none" role="img" aria-label={`Distribution from ${text(first.low, column)} to ${text(last.high, column)}`}>
        {histogram.map((bin, place) => {
          const height = bin.count === 0 ? 0 : Math.max(1.5, (bin.count / highest) * (CHART.height - 4));
          return (
            <g key={place} className="bar">
              <title>{`${text(bin.low, column)} to ${text(bin.high, column)}: ${counted(bin.count, "row")}`}</title>
              <rect className="bar-space" x={place * width} y={0} width={width} height={CHART.height} />
              <rect className="bar-fill" x={place * width + 0.75} y={CHART.height - height} width={Math.max(1, width - 1.5)} height={height} />
            </g>
          );
        })}
      </svg>
      <p className="profile-axis">
        <span>{text(first.low, column)}</span>
        <span>{text(last.high, column)}</span>
      </p>
    </section>
  );
}

function Frequent({ profile: { most_frequent, row_count, column } }: { profile: ProfileAnswer }) {
  const highest = Math.max(...most_frequent.map(({ count }) => count), 1);
  return (
    <section className="profile-frequent">
      <h3>Most frequent</h3>
      <table>
        <tbody>
          {most_frequent.map(({ value, count }) => (
            <tr key={value ?? "\0"}>
              <th scope="row" title={value ?? undefined} className={value === null ? "is-null" : undefined}>
                {value === null ? "null" : value === "" ? "(empty text)" : text(value, column)}
              </th>
              <td className="profile-bar">
                <i style={{ width: `${(100 * count) / highest}%` }} />
              </td>
              <td className="is-number">{count.toLocaleString()}</td>
              <td className="is-number profile-share">{share(count, row_count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function text(value: string | null, { name, type }: Column): string | null {
  return value === null ? null : cellText(value, type, name);
}

function share(part: number, whole: number): string {
  if (whole === 0) return "0%";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  return `${percent.toLocaleString(undefined, { maximumFractionDigits: 1 })}%`;
}
