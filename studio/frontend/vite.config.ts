import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Writes sources.json: a digest of what the bundle is made from, so that a test can tell a stale one. */
function sourceDigest(): Plugin {
  return {
    name: "source-digest",
    generateBundle() {
      const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
        .map((path) => `src/${path.replaceAll("\\", "/")}`)
        .filter((path) => /\.(ts|tsx|css)$/.test(path) && !/\.test\.tsx?$|\/testing\//.test(path));
      const files = ["package.json", "package-lock.json", "vite.config.ts", ...sources].sort();
      const digest = createHash("sha256");
      for (const path of files) {
        digest.update(`${path}\n${createHash("sha256").update(readFileSync(path)).digest("hex")}\n`);
      }
      const source = `${JSON.stringify({ sha256: digest.digest("hex") })}\n`;
      this.emitFile({ type: "asset", fileName: "sources.json", source });
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [react(), sourceDigest()],
  define: { "process.env.NODE_ENV": JSON.stringify(process.env.VITEST ? "test" : "production") },
  build: {
    outDir: "../odibi_studio/designer/static",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: false,
    rolldownOptions: {
      input: { designer: "src/index.tsx", charts: "src/charts/index.tsx", query: "src/query/index.tsx" },
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "[name]-[hash].js", chunkFileNames: "part-[hash].js" },
    },
  },
  worker: { format: "es", rolldownOptions: { output: { entryFileNames: "worker-[hash].js" } } },
  test: { environment: "happy-dom", restoreMocks: true, setupFiles: "src/testing/setup.ts" },
});
