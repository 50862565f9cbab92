const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** A moment as the reader's clock and language have it. */
export function localTime(utc: string): string {
  const moment = new Date(utc);
  return Number.isNaN(moment.getTime()) ? utc : moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** How long ago a moment was: "3 minutes ago", "yesterday". */
export function timeAgo(utc: string, now = Date.now()): string {
  const seconds = Math.round((new Date(utc).getTime() - now) / 1_000);
  if (Number.isNaN(seconds)) return "";
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  const found = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  return found ? words.format(Math.trunc(seconds / found[1]), found[0]) : words.format(0, "second");
}

/** A size as people read it: 512 B, 3.4 MB. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const steps = ["kB", "MB", "GB", "TB"];
  let size = bytes / 1_000;
  let step = 0;
  for (; size >= 1_000 && step < steps.length - 1; step += 1) size /= 1_000;
  return `${size.toLocaleString(undefined, { maximumFractionDigits: size < 10 ? 1 : 0 })} ${steps[step]}`;
}
