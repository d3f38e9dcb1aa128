/** People at the command line: keys made by `baton login`, a coordinator that knows them, approvals on what was shown. */
import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { done, type StageWork } from "@baton/lanekit";
import { signerOf } from "@baton/people";
import {
  startTestNats,
  type TemporaryFolder,
  temporaryFolder,
  type TestNats,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { type LoopWorld, openLoopWorld } from "./loop-world.ts";
import { strictPlaybook } from "./people-world.ts";

/** Several processes per test, on a machine that others use too. */
vi.setConfig({ testTimeout: 60_000 });

const BATON = join(import.meta.dirname, "../../../apps/cli/bin/baton.cjs");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let nats: TestNats;
let loop: LoopWorld;
let folder: TemporaryFolder;

const at = (name: string): string => join(folder.path, name);

/** Runs `baton` with the key of `who`, off a terminal. */
function baton(who: string, ...args: string[]): Promise<Ended> {
  const env = {
    PATH: process.env["PATH"],
    HOME: folder.path,
    BATON_NATS_URL: nats.url,
    BATON_NATS_SEED_FILE: nats.seedFileOf("cli"),
    BATON_KEY_FILE: at(`${who}.key`),
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [BATON, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
  });
}

const make: StageWork = async (context) => {
  await context.put("make/output.txt", new TextEncoder().encode("made"));
  return done("made");
};

const ROLES: Record<string, string[]> = { ada: [], ann: ["risk"], ben: ["risk"], olga: ["ops"] };

beforeAll(async () => {
  folder = temporaryFolder("people-cli");
  nats = await startTestNats({ signIn: true });
  const logins = await Promise.all(
    [...Object.keys(ROLES), "stranger"].map(
      async (name) => await baton(name, "login", "--as", name, "--json"),
    ),
  );
  const people = logins
    .map(({ stdout }): { name: string; publicKey: string } => JSON.parse(stdout))
    .filter(({ name }) => name in ROLES)
    .map(({ name, publicKey }) => ({ name, publicKey, roles: ROLES[name] }));
  writeFileSync(at("people.yaml"), JSON.stringify(people));
  writeFileSync(at("playbook.yaml"), JSON.stringify(strictPlaybook()));
  loop = await openLoopWorld(nats, {
    BATON_PEOPLE: at("people.yaml"),
    BATON_PLAYBOOK: at("playbook.yaml"),
  });
  loop.startLanes({ make });
  const { publicKey } = signerOf(nats.seedOf("coordinator") ?? "");
  await baton("ada", "trust", loop.mesh.name ?? "", publicKey);
}, 60_000);

afterAll(async () => {
  await loop[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
}, 30_000);

/** Submits by ada; answers with the candidate that waits for its approvals. */
async function asking(name: string): Promise<{ id: string; evidence: string }> {
  writeFileSync(at(`${name}.yaml`), `needs: approval\nname: ${name}\n`);
  const { stdout, stderr } = await baton(
    "ada",
    "submit",
    "--unchecked",
    at(`${name}.yaml`),
    "--json",
  );
  expect(stderr).toBe("");
  const { candidateId: id }: { candidateId: string } = JSON.parse(stdout);
  const { entry } = await loop.until(id, "asked", ({ reason }) => reason === "APPROVAL_REQUIRED");
  return { id, evidence: entry.review?.evidence ?? "" };
}

test("login prints the public key and the line for the registry, never the seed", async () => {
  const { code, stdout } = await baton("ann", "login");
  const [seed = ""] = readFileSync(at("ann.key"), "utf8").split("\n");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^kept {2}U[A-Z2-7]{55}\n/);
  expect(stdout).toMatch(/\n- \{ name: "ann", publicKey: U[A-Z2-7]{55}, roles: \[\] \}\n$/);
  expect(stdout).not.toContain(seed);
  expect((await baton("ann", "whoami")).stdout).toMatch(/^ann {2}U[A-Z2-7]{55} {2}.*ann\.key\n$/);
});

test("an approval shows what it is given on, and two people's are enough", async () => {
  const { id, evidence } = await asking("shown");
  const off = await baton("ann", "approve", id, "--why", "fine");
  expect([off.code, off.stdout]).toEqual([2, ""]);
  expect(off.stderr).toContain("off a terminal an approval needs --yes");
  const first = await baton("ann", "approve", id, "--yes", "--why", "read the report");
  expect(first.code).toBe(0);
  // What is asked in a script is said in a line; the whole question is for whoever answers at a terminal.
  expect(first.stderr).toContain(
    `${id} to ship on evidence ${evidence}: 2 artifacts, 1 of 1 gate report passes\n`,
  );
  expect(first.stdout).toContain("Approved by ann: read the report. 1 more needed for ship.");
  const again = await baton("ann", "approve", id, "--yes", "--why", "again");
  expect(again.code).toBe(6);
  const second = await baton("ben", "approve", id, "--yes", "--why", "me too", "--json");
  expect(JSON.parse(second.stdout)).toMatchObject({ outcome: { stage: "ship" } });
  const last = await loop.until(id, "closed", ({ holder }) => holder === "closed");
  expect(last.entry.approvals).toMatchObject([
    { by: "ann", evidence, used: true },
    { by: "ben", evidence, used: true },
  ]);
});

test("who isn't registered, hasn't the role, or borrows a name is denied (9)", async () => {
  const { id } = await asking("denied");
  const decide = (who: string, ...more: string[]): Promise<Ended> =>
    baton(who, "approve", id, "--yes", "--why", "x", ...more);
  const denied = await Promise.all([
    decide("stranger"),
    decide("olga"),
    decide("ada"),
    decide("olga", "--as", "ann"),
  ]);
  expect(denied.map(({ code }) => code)).toEqual([9, 9, 9, 9]);
  expect(denied.map(({ stderr }) => /E_DENIED \(9\): .*/.exec(stderr)?.[0])).toEqual([
    expect.stringContaining("nobody is registered with the key U"),
    `E_DENIED (9): to approve ${id} takes the role risk; olga has ops`,
    `E_DENIED (9): ada submitted ${id} and can't approve it`,
    "E_DENIED (9): the command says ann, its key is olga's",
  ]);
});

test("a review tells who may answer it; sent back, its approvals are void", async () => {
  const { id } = await asking("sent-back");
  await baton("ann", "approve", id, "--yes", "--why", "fine");
  const reviews = await baton("ann", "get", "reviews");
  const [head = "", ...rows] = reviews.stdout.split("\n");
  expect(head).toMatch(/WAITS +DUE +WHO +DO$/);
  expect(rows.find((row) => row.startsWith(id))).toMatch(/risk, 2 people, not by ada/);
  const back = await baton("ben", "send-back", id, "--why", "costs are too rosy");
  expect(back.code).toBe(0);
  expect(back.stdout).toContain("Sent back to make by ben.");
  await loop.until(
    id,
    "asked again",
    ({ reason, iteration }) => reason === "APPROVAL_REQUIRED" && iteration === 1,
  );
  // J10, with the roles that were found at the time.
  const replayed = await baton("ann", "guard", "replay", id, "--people", at("people.yaml"));
  expect(replayed.code).toBe(0);
  expect(replayed.stdout).toMatch(/\nsigned +(\d+) of \1 commands?, by those who are registered\n/);
  const strangers = at("strangers.yaml");
  const text = readFileSync(at("people.yaml"), "utf8");
  const { publicKey } = JSON.parse((await baton("stranger", "login", "--json")).stdout);
  const own = JSON.parse((await baton("ann", "login", "--json")).stdout);
  writeFileSync(strangers, text.replace(own.publicKey, publicKey));
  const other = await baton("ann", "guard", "replay", id, "--people", strangers);
  expect([other.code, other.stdout]).toEqual([
    5,
    expect.stringContaining("which nobody is registered with"),
  ]);
  const { stdout } = await baton("ann", "describe", id);
  expect(stdout).toMatch(/Approvals\n.*STATE.*\n {2}void +.* ann /);
  expect(stdout).toContain("Void, since given for an earlier question: ann.");
});

test("a key file that others may read signs nothing", async () => {
  const { id } = await asking("readable");
  writeFileSync(at("shared.key"), readFileSync(at("ann.key")));
  chmodSync(at("shared.key"), 0o644);
  const refused = await Promise.all([
    baton("shared", "approve", id, "--yes", "--why", "x"),
    baton("shared", "submit", "--unchecked", at("readable.yaml")),
    baton("shared", "whoami"),
    baton("shared", "login"),
  ]);
  expect(refused.map(({ code }) => code)).toEqual([3, 3, 3, 3]);
  for (const { stderr } of refused)
    expect(stderr).toContain("must have mode 0600 or 0400, but has 0644");
  expect((await loop.mesh.journal.last(id))?.entry.approvals).toEqual([]);
});

test("evidence that can't be seen isn't approved", async () => {
  const { id } = await asking("unseen");
  const last = await loop.mesh.journal.last(id);
  const whole = last && (await loop.mesh.journal.whole(last.entry));
  const gate = whole?.artifacts.find(({ name }) => name === "gates/check.json");
  // Nobody may purge it, so it's lost as a whole.
  const { config } = await loop.mesh.jsm.streams.info("OBJ_ARTIFACTS");
  await loop.mesh.jsm.streams.delete("OBJ_ARTIFACTS");
  await loop.mesh.jsm.streams.add(config);
  expect(gate).toBeDefined();
  const { code, stderr } = await baton("ann", "approve", id, "--yes", "--why", "x");
  expect(code).toBe(5);
  expect(stderr).toContain("gates/check.json isn't in the artifact store");
});
