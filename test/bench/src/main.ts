/**
 * `npm run bench`: the whole mesh and in turn with it the machine's limits, in one run, with default sync and with every write
 * synced. Prints a table with the ratios and writes `.baton/bench/<time>.json`.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { startStockServer } from "./bench-mesh.ts";
import { measureMesh, type MeshFigures } from "./measure-mesh.ts";
import { openLimits } from "./raw-limits.ts";
import { renderTable } from "./render-table.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    sync: { type: "string", default: "default,always" },
    /** Artifacts that each stage stores; 0: the candidates carry none, and no store is asked. */
    artifacts: { type: "string", default: "2" },
    /** Candidates of a batch. */
    candidates: { type: "string", default: "2000" },
  },
});

/** One mode's figures. */
export interface ModeFigures {
  readonly sync: "default" | "always";
  readonly mesh: MeshFigures;
}

const root = join(import.meta.dirname, "../../..");
const started = new Date().toISOString().replaceAll(":", "-").slice(0, 19);
const folder = join(root, ".baton/bench");
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const modes: ModeFigures[] = [];
for (const sync of ["default", "always"] as const) {
  if (!values.sync.split(",").includes(sync)) continue;
  const syncAlways = sync === "always";
  const dir = join(folder, `${started}-${sync}`);
  say(`sync ${sync}`);
  const server = await startStockServer(join(dir, "raw"), syncAlways);
  const limits = await openLimits(server.url);
  const mesh = await measureMesh({
    dir: join(dir, "mesh"),
    limits,
    fencedMessages: syncAlways ? 2000 : 20_000,
    syncAlways,
    candidates: Number(values.candidates),
    artifacts: Number(values.artifacts),
    idleCandidates: values.quick ? 30 : 200,
    pacedSeconds: values.quick ? 5 : 15,
    soakHandoffs: values.quick ? 16_000 : 100_000,
    say,
  });
  await limits[Symbol.asyncDispose]();
  await server.stop();
  modes.push({ sync, mesh });
  rmSync(dir, { recursive: true, force: true });
}
const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};
mkdirSync(folder, { recursive: true });
const file = join(folder, `${started}.json`);
writeFileSync(file, `${JSON.stringify({ started, machine, modes }, null, 2)}\n`);
process.stdout.write(`${renderTable(modes)}\nwritten to ${file}\n`);
