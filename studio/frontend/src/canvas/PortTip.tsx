import { useDesigner } from "../store";

const MOST = 24;

/** The columns of a port; `port` is "step/side/name". */
export function PortTip({ port }: { port: string }) {
  const [id = "", side = "", ...rest] = port.split("/");
  const name = rest.join("/");
  const isInput = side === "inputs";
  const truth = useDesigner((state) => state.truth.steps[id]);
  const dataset = useDesigner((state) => state.draft.steps[id]?.[isInput ? "inputs" : "outputs"][name]);
  const columns = truth?.[isInput ? "inputs" : "outputs"][name];
  return (
    <div className="port-tip">
      <strong>{name}</strong>
      {dataset && dataset !== name && <span className="port-dataset">{dataset}</span>}
      {!dataset && <p>Nothing feeds it yet: draw an edge to it.</p>}
      {dataset && !columns && <p>Its columns are known once it has run.</p>}
      {columns && (
        <table>
          <tbody>
            {columns.slice(0, MOST).map((column) => (
              <tr key={column.name}>
                <td>{column.name}</td>
                <td>{column.type}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {columns && columns.length > MOST && <p>and {columns.length - MOST} more</p>}
    </div>
  );
}
