/** docs/write-a-lane.md as it stands: the packed libraries in an empty folder elsewhere, and its lane on a real mesh. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { eventually } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";

import { block, environment, type Folders, install, typeFaults } from "./lane-page.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../../..");
const BATON = join(ROOT, "apps/cli/src/main.ts");

const world = mkdtempSync(join(tmpdir(), "baton-own-lane-"));
const folders: Folders = {
  dist: join(world, "dist"),
  own: join(world, "own"),
  data: join(world, "mesh"),
};
const running: ChildProcess[] = [];

afterAll(async () => {
  for (const child of running.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  rmSync(world, { recursive: true, force: true });
});

/** `baton` with these words. */
const typed = (words: readonly string[]) => run(process.execPath, [BATON, ...words], { cwd: ROOT });

/** The words after `npx baton` of a line of the page. */
const wordsOf = (line: string): string[] =>
  line.replace(/ *#.*/, "").replace("npx baton ", "").split(" ");

const Up = z.object({
  event: z.literal("up"),
  natsUrl: z.string(),
  pids: z.record(z.string(), z.number()),
});

/** The page's `baton up`, on folders and ports of the test's own. */
async function up(): Promise<z.infer<typeof Up>> {
  const [line = ""] = block("sh", "baton up", folders).split("\n");
  const mesh = spawn(process.execPath, [BATON, ...wordsOf(line), "--json", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(mesh);
  let events = "";
  mesh.stdout.setEncoding("utf8").on("data", (chunk: string) => (events += chunk));
  const isUp = () =>
    events
      .split("\n")
      .slice(0, -1)
      .map((event) => Up.safeParse(JSON.parse(event)).data)
      .find((event) => event !== undefined);
  return eventually(isUp, { what: "the mesh is up", withinMs: 90_000 });
}

/** The page's way to start the lane. */
function startLane(natsUrl: string): ChildProcess {
  // The shell's own process becomes the lane, so that it can be stopped.
  const steps = block("sh", "node lane.ts", folders).replace("node lane.ts", "exec node lane.ts");
  const lane = spawn("bash", ["-ec", steps], {
    cwd: folders.own,
    env: environment({ BATON_NATS_URL: natsUrl }),
    stdio: ["ignore", "ignore", "inherit"],
  });
  running.push(lane);
  return lane;
}

test("the packages hold JavaScript with declarations, and the lane has the right types", async () => {
  await install(folders);
  const sources = globSync("node_modules/@baton/*/**/*.ts", { cwd: folders.own });
  expect(sources.length).toBeGreaterThan(0);
  expect(sources.filter((file) => !file.endsWith(".d.ts") || file.includes(".test."))).toEqual([]);
  // Others' declarations aren't all right under these settings.
  expect(await typeFaults(folders)).not.toMatch(/lane\.ts\(|@baton\//);
}, 120_000);

test("the lane takes its dispatch from the mesh, which was started without it", async () => {
  const { natsUrl, pids } = await up();
  expect(Object.keys(pids)).toContain("lane-b");
  expect(Object.keys(pids)).not.toContain("lane-a");
  const unanswered: unknown = await typed(["doctor", "--data", folders.data]).catch(
    (error: unknown) => error,
  );
  expect(unanswered).toMatchObject({ code: 8, stdout: expect.stringMatching(/^fault +lane-a /m) });

  const lane = startLane(natsUrl);
  const [services = [], ...lines] = block("sh", "get services", folders).split("\n").map(wordsOf);
  const isThere = async (): Promise<boolean> =>
    /^lane-a +yes/m.test((await typed(services)).stdout);
  await eventually(isThere, { what: "it is among the services", withinMs: 30_000 });

  let id = "";
  const told: string[] = [];
  for (const words of lines) {
    const named = words.map((word) => (word === "ID" ? id : word));
    const { stdout } = await typed(named);
    id = /cand-[0-9a-f]{12}/.exec(stdout)?.[0] ?? id;
    told.push(stdout);
  }
  const [submitted, note = "", trace] = told;
  expect(submitted).toMatch(/closed .*COMPLETED .*3 trials on NDX/);
  const name = "Long trend of the NASDAQ-100";
  expect(JSON.parse(note)).toEqual({ name, instruments: ["NDX"], trials: 3 });
  expect(trace).toContain("first-look");
  lane.kill("SIGTERM");
  expect(await once(lane, "exit")).toEqual([0, null]);
}, 240_000);
