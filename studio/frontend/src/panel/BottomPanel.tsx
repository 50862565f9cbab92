/** Preview, schema, profile, problems and plan of the selected step. */
export function BottomPanel() {
  return <section className="panel" aria-label="Panel" />;
}
