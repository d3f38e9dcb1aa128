import { execFileSync } from "node:child_process";
/**
 * A stage run's own folder: what its attempts leave to the next one.
 *
 * F1: `state.json` says how far it is and is changed at once or not at all; what it doesn't name is a leftover, and is removed.
 * F2: a tree is complete before the state names it. What an agent writes there is data: taken out once, by `harvest`.
 * F3: `calls.jsonl` has each of the model's calls before it is made, so a lane that dies hides nothing that was spent.
 */
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { Failure, SpentBudget, WORK_ENDS } from "@baton/contracts";
import { makeFolder, ownFolder } from "@baton/files";
import type { DeliveredFile, Job } from "@baton/lanekit";
import type { CallFact } from "@baton/model-gateway";
import { z } from "zod";

import { Claim } from "./claim.ts";

/** How an attempt's program ended, as it was judged. */
export const EndRecord = z.object({
  how: z.enum(WORK_ENDS),
  failure: Failure.optional(),
  ms: z.number(),
  cutBy: SpentBudget.optional(),
});
export type EndRecord = z.infer<typeof EndRecord>;

const DeliveredIndex = z.array(z.object({ path: z.string(), sha256: z.string() }));

export const RunState = z.object({
  phase: z.enum(["running", "ended", "delivered"]),
  /** Name of the tree in this folder. */
  tree: z.string().regex(/^tree-\d+$/),
  session: z.string().max(100).optional(),
  /** How often the session was gone on with. */
  resumes: z.int().min(0),
  model: z.string().max(100).optional(),
  version: z.string().max(80).optional(),
  end: EndRecord.optional(),
  delivered: DeliveredIndex.optional(),
});
export type RunState = z.infer<typeof RunState>;

/** Stage runs that nobody has touched for so long are over, whoever was to tell. */
const FORGOTTEN_MS = 7 * 86_400_000;

export interface StageRunFolder {
  readonly path: string;
  readonly home: string;
  state(): RunState | undefined;
  save(state: RunState): void;
  claim(): Claim | undefined;
  saveClaim(claim: Claim): void;
  /** All of the model's calls so far, of every attempt. */
  calls(): CallFact[];
  /** Stored when it returns. */
  addCall(fact: CallFact): void;
  /** A complete tree for the job that isn't any other one's, and an empty home. */
  newTree(job: Job): string;
  /** `job.json` as it was put into the tree. */
  given(tree: string): Uint8Array;
  /** From here on it counts as delivered, whatever becomes of the tree. */
  saveDelivery(state: RunState, files: readonly DeliveredFile[]): void;
  delivery(state: RunState): DeliveredFile[];
  pathOf(name: string): string;
}

/** Opens it below `root`, which belongs to this service alone. */
export async function openStageRunFolder(root: string, job: Job): Promise<StageRunFolder> {
  makeFolder(root);
  forget(root);
  const { candidateId, stage, runId } = job.document;
  const path = await ownFolder(join(root, `${candidateId}.${stage}.${runId}`));
  const at = (name: string): string => join(path, name);
  const home = at("home");
  const save = (state: RunState): void =>
    writeAtOnce(at("state.json"), `${JSON.stringify(state, null, 2)}\n`);
  return {
    path,
    home,
    state: () => readJson(at("state.json"), RunState),
    save,
    claim: () => readJson(at("claim.json"), Claim),
    saveClaim: (claim) => writeAtOnce(at("claim.json"), `${JSON.stringify(claim)}\n`),
    calls: () => readCalls(at("calls.jsonl")),
    addCall: (fact) => append(at("calls.jsonl"), `${JSON.stringify(fact)}\n`),
    newTree: (job_) => newTree(path, home, job_),
    given: (tree) => readFileSync(at(`${tree}.job.json`)),
    saveDelivery: (state, files) => {
      for (const file of files) writeFile(join(at("delivery"), file.path), file.bytes);
      const delivered = files.map(({ path: name, sha256 }) => ({ path: name, sha256 }));
      save({ ...state, phase: "delivered", delivered });
    },
    delivery: ({ delivered = [] }) =>
      delivered.map((file) => ({ ...file, bytes: readFileSync(join(at("delivery"), file.path)) })),
    pathOf: at,
  };
}

/** What is there but no longer counts: half a tree, the trees of earlier attempts, their home. */
function newTree(path: string, home: string, { document, inputs }: Job): string {
  const trees = readdirSync(path).filter((name) => name.startsWith("tree-"));
  const last = Math.max(0, ...trees.map((name) => Number(/\d+/.exec(name)?.[0] ?? 0)));
  for (const name of [...trees, "home", "delivery"]) removeAll(join(path, name));
  mkdirSync(home, { mode: 0o700 });
  const name = `tree-${last + 1}`;
  const text = `${JSON.stringify(document, null, 2)}\n`;
  const files = { ...inputs, "job.json": text };
  writeFileSync(join(path, `${name}.job.json`), text);
  mkdirSync(join(path, name, document.artifactPath), { recursive: true });
  mkdirSync(join(path, name, "scratch"));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name, file)), { recursive: true });
    writeFileSync(join(path, name, file), content);
  }
  return name;
}

/** Whatever an agent made of it: folders that can't be read, too. Nothing runs in it, and no link is followed. */
function removeAll(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    execFileSync("/bin/chmod", ["-R", "u+rwX", "--", path], { stdio: "ignore", env: {} });
    rmSync(path, { recursive: true, force: true });
  }
}

function forget(root: string): void {
  for (const name of readdirSync(root)) {
    const stat = statSync(join(root, name, "state.json"), { throwIfNoEntry: false });
    const found = stat ?? statSync(join(root, name), { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > FORGOTTEN_MS) removeAll(join(root, name));
  }
}

/** Undefined for what isn't there, or isn't whole. */
function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function writeFile(file: string, bytes: Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes, { flush: true });
}

function writeAtOnce(file: string, text: string): void {
  const fresh = `${file}.new`;
  const fd = openSync(fresh, "w", 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, file);
}

function append(file: string, line: string): void {
  const fd = openSync(file, "a", 0o600);
  try {
    appendFileSync(fd, line);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function isFact(value: unknown): value is CallFact {
  return typeof value === "object" && value !== null && "kind" in value;
}

/** Our own lines; half a last one is of a call that wasn't made. */
function readCalls(file: string): CallFact[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line): CallFact[] => {
    try {
      const fact: unknown = line === "" ? undefined : JSON.parse(line);
      return isFact(fact) ? [fact] : [];
    } catch {
      return [];
    }
  });
}
