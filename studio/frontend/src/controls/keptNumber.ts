/** A number that this browser keeps from visit to visit; null where it keeps none. */
export function readNumber(key: string): number | null {
  try {
    return Number(localStorage.getItem(key)) || null;
  } catch {
    return null;
  }
}

/** Keeps a number for the next visit; null forgets it. */
export function keepNumber(key: string, value: number | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, String(value));
  } catch {
    // A browser that keeps nothing still shows the page.
  }
}
