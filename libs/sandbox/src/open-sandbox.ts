/**
 * The sandbox of this process: which means there are on this machine, tried once and, while there are none, again and again.
 */
import { lstatSync, readFileSync, readlinkSync } from "node:fs";

import type { Failure } from "@baton/contracts";

import type { Machine } from "./bubblewrap-arguments.ts";
import { endingInWords } from "./ending-in-words.ts";
import { findBubblewrap } from "./find-bubblewrap.ts";
import type { SandboxCall, SandboxEnd, SandboxPlan } from "./plan.ts";
import { type Namespaces, runInNamespaces } from "./run-in-namespaces.ts";
import { runPlainly } from "./run-plainly.ts";
import type { SandboxSetting } from "./sandbox-config.ts";
import { INSTALL, unavailable } from "./unavailable.ts";

/** Runs what isn't Baton's own code. */
export interface Sandbox {
  readonly setting: SandboxSetting;
  /** Why nothing can be run now; nothing is, then. */
  trouble(this: void): Failure | undefined;
  /** Rejects only for a bug of ours. */
  run(this: void, plan: SandboxPlan, call: SandboxCall): Promise<SandboxEnd>;
}

/** What opening takes. */
export interface SandboxOptions {
  readonly setting: SandboxSetting;
  /** Default: the process's. BATON_BUBBLEWRAP names the program to use. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const PROBE = { timeMs: 20_000 };
/** From one try to the next while there is none. */
const AGAIN_MS = 5000;

/** Finds out by a run whether there is a sandbox here. */
export async function openSandbox({ setting, env }: SandboxOptions): Promise<Sandbox> {
  if (setting === "off") return { setting, trouble: () => undefined, run: runPlainly };
  let found = await findMeans(env);
  let triedMs = performance.now();
  const tryAgain = async (): Promise<void> => {
    if ("bubblewrap" in found || performance.now() - triedMs < AGAIN_MS) return;
    triedMs = performance.now();
    found = await findMeans(env);
  };
  return {
    setting,
    trouble: () => {
      void tryAgain();
      return "bubblewrap" in found ? undefined : found;
    },
    run: async (plan, call) => {
      await tryAgain();
      return "bubblewrap" in found ? runInNamespaces(plan, call, found) : refused(found);
    },
  };
}

const NOTHING = { milliseconds: 0, peakMemoryBytes: 0, peakProcesses: 0, outputBytes: 0 };

function refused(failure: Failure): SandboxEnd {
  return {
    ending: { kind: "refused", failure },
    usage: NOTHING,
    stdout: "",
    stderr: "",
    tree: "",
  };
}

async function findMeans(env: SandboxOptions["env"]): Promise<Namespaces | Failure> {
  if (process.platform !== "linux")
    return unavailable(`${process.platform} has none that Baton can use, only Linux has`, OFF);
  const bubblewrap = findBubblewrap(env);
  if (bubblewrap === undefined) return unavailable(missing(env ?? process.env), INSTALL);
  const means = { bubblewrap, identity: identityHere(), machine: machineHere() };
  const plan: SandboxPlan = { command: [process.execPath, "--version"], limits: PROBE };
  const end = await runInNamespaces(plan, { signal: new AbortController().signal }, means);
  const { ending } = end;
  if (ending.kind === "exited" && ending.code === 0) return means;
  return ending.kind === "refused"
    ? ending.failure
    : unavailable(`node ${endingInWords(ending)} in it: ${end.stderr.trim().slice(0, 200)}`);
}

function missing(env: NonNullable<SandboxOptions["env"]>): string {
  const named = env["BATON_BUBBLEWRAP"] ?? "";
  return named === ""
    ? "bubblewrap (`bwrap`) isn't installed"
    : `BATON_BUBBLEWRAP=${named.slice(0, 200)} isn't a program`;
}

const OFF =
  "Run Baton on Linux (a virtual machine will do), or set BATON_SANDBOX=off to run what isn't Baton's own code unprotected.";

/** Real root must not keep its number inside; that of a container is somebody else outside. */
function identityHere(): Namespaces["identity"] {
  const isRoot = process.getuid?.() === 0;
  const map = readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/);
  return isRoot && map[0] === "0" && map[1] === "0" ? "own-number" : "user-namespace";
}

function machineHere(): Machine {
  const top = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"].flatMap((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    return [{ path, link: found.isSymbolicLink() ? readlinkSync(path) : undefined }];
  });
  return { top, node: process.execPath };
}
