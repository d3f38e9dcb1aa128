/**
 * A rolling update under load, and back: the services of the commit in test/e2e/update-from, each replaced by this one's while
 * the other still runs, then the other way round. Nothing is lost, and nobody is asked anything.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

import { commandSubject } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import { candidateIdOf } from "@baton/playbook";
import {
  eventually,
  type SpawnedService,
  spawnService,
  startTestNats,
  temporaryFolder,
  type TemporaryFolder,
  type TestNats,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { FAILURES_PLAYBOOK } from "../failures/failures-world.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const BASE = readFileSync(join(ROOT, "test/e2e/update-from"), "utf8").trim();
const FAULTY_LANE = "test/e2e/src/failures/faulty-lane.ts";
const CANDIDATES = 30;
const TOPOLOGY = { replicas: 1, ackWaitMs: 1500, maxDeliver: 8 };

/** In the order in which they are updated (docs/upgrading.md): who reads before who writes. */
const SERVICES = [
  { key: "escalation", entry: "apps/escalation/src/main.ts", env: {} },
  { key: "lane-a", entry: FAULTY_LANE, env: { BATON_LANE: "lane-a", BATON_STAGE: "make" } },
  { key: "lane-b", entry: FAULTY_LANE, env: { BATON_LANE: "lane-b", BATON_STAGE: "watch" } },
  { key: "lane-c", entry: FAULTY_LANE, env: { BATON_LANE: "lane-c", BATON_STAGE: "hurry" } },
  { key: "coordinator", entry: "apps/coordinator/src/main.ts", env: { BATON_SWEEP_MS: "100" } },
] as const;
type Service = (typeof SERVICES)[number];

const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Undefined if it can be run; else why not. */
function whyNot(): string | undefined {
  try {
    git("cat-file", "-e", `${BASE}^{commit}`);
    return undefined;
  } catch (error) {
    if (!existsSync(join(ROOT, ".git"))) return "this isn't a Git clone";
    if (git("rev-parse", "--is-shallow-repository").trim() === "true")
      return `this clone is shallow and doesn't have ${BASE}`;
    throw error;
  }
}
const skipped = whyNot();

let folder: TemporaryFolder;
let nats: TestNats;
let mesh: Mesh;
const running = new Map<string, SpawnedService>();

beforeAll(async () => {
  if (skipped !== undefined) return;
  folder = temporaryFolder("update");
  checkOut(join(folder.path, "base"));
  writeFileSync(join(folder.path, "playbook.yaml"), JSON.stringify(FAILURES_PLAYBOOK));
  nats = await startTestNats({ signIn: true });
}, 60_000);

afterAll(async () => {
  if (skipped !== undefined) return;
  await Promise.all([...running.values()].map((service) => service.stop()));
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
});

/** The tree of the base, with our node_modules but for its own packages. */
function checkOut(base: string): void {
  mkdirSync(join(base, "node_modules/@baton"), { recursive: true });
  git("archive", "--format=tar", "-o", `${base}.tar`, BASE, "package.json", "apps", "libs", "test");
  execFileSync("tar", ["-xf", `${base}.tar`, "-C", base]);
  for (const name of readdirSync(join(ROOT, "node_modules")))
    if (name !== "@baton")
      symlinkSync(join(ROOT, "node_modules", name), join(base, "node_modules", name));
  for (const kind of ["apps", "libs", "test"])
    for (const own of readdirSync(join(base, kind))) linkPackage(base, join(kind, own));
}

function linkPackage(base: string, path: string): void {
  const file = join(base, path, "package.json");
  if (!existsSync(file)) return;
  const { name }: { name: string } = JSON.parse(readFileSync(file, "utf8"));
  const link = join(base, "node_modules", name);
  symlinkSync(relative(dirname(link), join(base, path)), link);
  const nested = join(ROOT, path, "node_modules");
  if (existsSync(nested)) symlinkSync(nested, join(base, path, "node_modules"));
}

async function start({ key, entry, env }: Service, tree: string): Promise<SpawnedService> {
  const service = spawnService(join(tree, entry), {
    BATON_NATS_URL: nats.url,
    BATON_NATS_SEED_FILE: nats.seedFileOf(key),
    BATON_ACK_WAIT_MS: String(TOPOLOGY.ackWaitMs),
    ...(key === "escalation" ? {} : { BATON_MAX_DELIVER: String(TOPOLOGY.maxDeliver) }),
    ...(key === "coordinator" && { BATON_PLAYBOOK: join(folder.path, "playbook.yaml") }),
    ...env,
  });
  await service.ready();
  return service;
}

/** Starts the other release's beside it, then stops it. */
async function replace(service: Service, tree: string): Promise<void> {
  const next = await start(service, tree);
  const before = running.get(service.key);
  running.set(service.key, next);
  const { code } = (await before?.stop()) ?? { code: 0 };
  expect(code).toBe(0);
}

async function submit(number: number): Promise<string> {
  const work = { does: "work", ms: 200 };
  const spec = { number, make: work, watch: work, hurry: work };
  const candidateId = candidateIdOf(spec);
  const id = `submit-${number}`;
  const time = new Date().toISOString();
  await mesh.publisher.publish({
    subject: commandSubject({ candidateId, commandId: id }),
    payload: JSON.stringify({ v: 1, type: "submit", id, candidateId, time, by: "author", spec }),
    headers: {},
  });
  return candidateId;
}

/** Submits one after the other until all are. */
async function load(): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < CANDIDATES; number += 1) {
    const id = await submit(number);
    ids.push(id);
    // The next one when this one has begun: so there is work under way all the time.
    await eventually(async () => (await mesh.journal.last(id)) !== undefined, { what: id });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return ids;
}

test.skipIf(skipped !== undefined)(
  `an update of every service from ${BASE.slice(0, 8)} and back loses nothing and asks nobody (${skipped ?? "all of its history is here"})`,
  async () => {
    const base = join(folder.path, "base");
    await Promise.all(SERVICES.map((service) => replace(service, base)));
    mesh = await openMesh({
      url: nats.url,
      name: "test",
      topology: TOPOLOGY,
      seed: nats.seedOf("coordinator"),
    });
    const loading = load();
    for (const service of SERVICES) await replace(service, ROOT);
    for (const service of SERVICES.toReversed()) await replace(service, base);
    const ids = await loading;
    const histories = await Promise.all(
      ids.map(async (id) => {
        await eventually(
          async () => (await mesh.journal.last(id))?.entry.holder === "closed" || undefined,
          { what: `${id} closed`, withinMs: 30_000 },
        );
        return (await mesh.journal.history(id)).map(({ entry }) => entry.reason);
      }),
    );
    const straight = ["SUBMITTED", "STAGE_PASSED", "STAGE_PASSED", "COMPLETED"];
    expect(histories).toEqual(ids.map(() => straight));
    expect((await mesh.jsm.streams.info("ADVISORIES")).state.messages).toBe(0);
  },
  120_000,
);
