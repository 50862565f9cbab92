/** Fails where the committed bundle is not, byte for byte, what its sources are built into. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";

const COMMITTED = "../odibi_studio/designer/static";

const built = mkdtempSync(join(tmpdir(), "designer-"));
try {
  await build({ logLevel: "error", build: { outDir: built } });
  const names = readdirSync(built).sort();
  const committed = readdirSync(COMMITTED).sort();
  const differing = names.filter((name) => !committed.includes(name) || !isSame(name));
  const left = committed.filter((name) => !names.includes(name));
  if (differing.length || left.length) {
    const found = [...differing.map((name) => `not as built: ${name}`), ...left.map((name) => `not built any more: ${name}`)];
    console.error(`The committed bundle is not the build of its sources:\n  ${found.join("\n  ")}\nTo mend it: npm run build`);
    process.exitCode = 1;
  }
} finally {
  rmSync(built, { recursive: true });
}

function isSame(name) {
  return readFileSync(join(built, name)).equals(readFileSync(join(COMMITTED, name)));
}
