/**
 * One attempt of candidate-build in a process that kills itself at a named point: `node crash-child.ts FILE`, a JSON of the place, the
 * attempt and the point; without a point it prints what came of it. What it writes to disk is watched where it is written.
 */
import fs, { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { delimiter, join } from "node:path";

import { z } from "zod";

import { CRASH_POINTS } from "./crash-points.ts";

const Given = z.object({
  folder: z.string(),
  codex: z.string(),
  modelUrl: z.string(),
  attempt: z.int(),
  point: z.enum(CRASH_POINTS).optional(),
});

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;);
}

/** Dies before or after a file is renamed to this name with that in it. */
function dieAtRename(name: string, holds: string, when: "before" | "after"): void {
  const rename = fs.renameSync;
  fs.renameSync = (from, to) => {
    const fits = String(to).endsWith(name) && readFileSync(from, "utf8").includes(holds);
    if (fits && when === "before") die();
    rename(from, to);
    if (fits) die();
  };
  syncBuiltinESMExports();
}

/** Dies when a file of this name is written. */
function dieAtWrite(name: string): void {
  const write = fs.writeFileSync;
  fs.writeFileSync = (file, data, options) => {
    write(file, data, options);
    if (String(file).endsWith(name)) die();
  };
  syncBuiltinESMExports();
}

/** Dies when the program has told this. */
function dieAtOutput(holds: string): void {
  const write = fs.writeSync;
  const watched = (fd: number, data: string | NodeJS.ArrayBufferView): number => {
    const written = typeof data === "string" ? write(fd, data) : write(fd, data);
    const text = typeof data === "string" ? data : Buffer.from(data.buffer).toString("latin1");
    if (text.includes(holds)) die();
    return written;
  };
  Object.assign(fs, { writeSync: watched });
  syncBuiltinESMExports();
}

/** Dies before or after Git pushes. */
function dieAtPush(folder: string, when: "before" | "after"): void {
  const bin = join(folder, `bin-${when}`);
  mkdirSync(bin, { recursive: true });
  const found = (process.env["PATH"] ?? "")
    .split(delimiter)
    .find((path) => fs.existsSync(join(path, "git")));
  const git = join(found ?? "/usr/bin", "git");
  const kill = `kill -9 ${process.pid}`;
  const push = when === "before" ? `${kill}; exit 1` : `'${git}' "$@"; ${kill}; exit 0`;
  writeFileSync(
    join(bin, "git"),
    `#!/bin/sh\ncase " $* " in *" push "*) ${push};; esac\nexec '${git}' "$@"\n`,
  );
  chmodSync(join(bin, "git"), 0o755);
  process.env["PATH"] = `${bin}${delimiter}${process.env["PATH"]}`;
}

function arm(point: (typeof CRASH_POINTS)[number] | undefined, folder: string): void {
  switch (point) {
    case "bundle half written":
      return dieAtWrite("own-strategy.md");
    case "spawned without claim":
      return dieAtRename("claim.json", '"agent"', "before");
    case "running":
      return dieAtOutput('"item.completed"');
    case "ended, not taken out":
      return dieAtRename("state.json", '"phase": "ended"', "after");
    case "taken out, not committed":
      return dieAtRename("state.json", '"phase": "delivered"', "after");
    case "committed, not pushed":
      return dieAtPush(folder, "before");
    case "pushed, not stored":
      return dieAtPush(folder, "after");
    case "before the folder":
    case "stored, not reported":
    case undefined:
  }
}

const { attempt, point, ...place } = Given.parse(
  JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")),
);
arm(point, place.folder);
const { openAgentLane } = await import("./agent-lane.ts");
const lane = await openAgentLane(place);
const { context, outcome } = await lane.build(attempt, (step) => {
  if (point === "before the folder" && step === "fetching the source") die();
});
if (point === "stored, not reported") die();
await lane.close();
process.stdout.write(`${JSON.stringify({ outcome: outcome?.kind, works: context.works })}\n`);
