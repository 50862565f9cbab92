// Quoted names and texts, comments, then words; whatever matches first is one piece.
const PIECES = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|[\p{L}_][\p{L}\p{N}_]*/gu;

/** Whether a SQL text names something outside its texts and comments. */
export function mentions(sql: string, name: string): boolean {
  const wanted = name.toLowerCase();
  return [...sql.matchAll(PIECES)].some(([piece]) => bare(piece)?.toLowerCase() === wanted);
}

/** The SQL text with a table called otherwise; texts and comments stay as they are. */
export function renameInSql(sql: string, before: string, after: string): string {
  const wanted = before.toLowerCase();
  return sql.replace(PIECES, (piece) => {
    if (bare(piece)?.toLowerCase() !== wanted) return piece;
    const quote = piece[0] === '"' || piece[0] === "`" ? piece[0] : "";
    return `${quote}${after}${quote}`;
  });
}

function bare(piece: string): string | null {
  const first = piece[0];
  if (first === "'" || piece.startsWith("--") || piece.startsWith("/*")) return null;
  return first === '"' || first === "`" ? piece.slice(1, -1) : piece;
}
