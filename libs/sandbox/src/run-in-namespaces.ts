/** One run in bubblewrap. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, type Readable, type Writable } from "node:stream";
import { promisify } from "node:util";

import {
  bubblewrapArguments,
  FD,
  type FileInside,
  filesInside,
  GUARD,
  type Identity,
  type Machine,
  TREE,
} from "./bubblewrap-arguments.ts";
import { feed } from "./feed.ts";
import { holdProcess } from "./hold-process.ts";
import { inheritedFiles } from "./inherited-files.ts";
import {
  DEFAULT_LIMITS,
  type SandboxCall,
  type SandboxEnd,
  type SandboxEnding,
  type SandboxPlan,
} from "./plan.ts";
import { unavailable } from "./unavailable.ts";

/** The means on this machine. */
export interface Namespaces {
  readonly bubblewrap: string;
  readonly identity: Identity["kind"];
  readonly machine: Machine;
}

/** Numbers above those that systems give to users, to their containers, and to containers' users. */
const OWN_NUMBERS = { first: 1_900_000_000, last: 2_000_000_000 } as const;

const execFileText = promisify(execFile);

/** Runs the plan. */
export async function runInNamespaces(
  plan: SandboxPlan,
  call: SandboxCall,
  { bubblewrap, identity: kind, machine }: Namespaces,
): Promise<SandboxEnd> {
  const identity: Identity =
    kind === "user-namespace"
      ? { kind }
      : { kind, uid: randomInt(OWN_NUMBERS.first, OWN_NUMBERS.last) };
  const limits = { ...DEFAULT_LIMITS, ...plan.limits };
  await handOver(plan, identity);
  const files = filesInside(plan, identity);
  const args = bubblewrapArguments(plan, { limits, identity, machine });
  const status = openStatus();
  const child = start(bubblewrap, {
    args,
    files,
    status: status.fd,
    hasInput: plan.input !== undefined,
  });
  feed(writableOf(child, FD.input), plan.input);
  files.forEach(({ content }, index) => feed(writableOf(child, FD.firstFile + index), content));
  const { root, kill, exitCode } = follow(child, status, call.onStart);
  const held = {
    child,
    limits,
    root,
    kill,
    exitCode,
    refusal: (stderr: string): SandboxEnding => ({
      kind: "refused",
      failure: unavailable(lastLine(stderr) ?? "bubblewrap said nothing"),
    }),
  };
  try {
    return { ...(await holdProcess(held, call)), tree: TREE };
  } finally {
    status.close();
  }
}

/** Whoever runs in it has another number than whoever made the folder. Nothing is followed, and nothing of it runs now. */
async function handOver({ tree, home }: SandboxPlan, identity: Identity): Promise<void> {
  if (identity.kind === "user-namespace") return;
  const owner = `${identity.uid}:${identity.uid}`;
  for (const folder of [tree, home]) {
    if (folder === undefined) continue;
    await execFileText("/usr/bin/chown", ["-RhP", "--", owner, folder], { env: {} });
  }
}

function start(
  bubblewrap: string,
  of: {
    readonly args: readonly string[];
    readonly files: readonly FileInside[];
    readonly status: number;
    readonly hasInput: boolean;
  },
): ChildProcess {
  const nothing = openSync("/dev/null", "r+");
  try {
    const stdio: ("ignore" | "pipe" | number)[] = ["ignore", "pipe", "pipe"];
    for (let fd = FD.gate; fd < FD.firstFile + of.files.length; fd += 1) stdio[fd] = "pipe";
    if (!of.hasInput) stdio[FD.input] = nothing;
    stdio[FD.status] = of.status;
    for (const fd of inheritedFiles()) {
      while (stdio.length < fd) stdio.push("ignore");
      stdio[fd] ??= nothing;
    }
    // A session of its own: what a terminal sends to ours must not reach bubblewrap before it is bound (A4).
    return spawn("/bin/sh", ["-c", GUARD, "guard", bubblewrap, ...of.args], {
      stdio,
      env: {},
      cwd: "/",
      detached: true,
    });
  } finally {
    closeSync(nothing);
  }
}

function writableOf(child: ChildProcess, fd: number): Writable | null {
  const pipe = child.stdio[fd];
  return pipe !== undefined && pipe !== null && "write" in pipe ? pipe : null;
}

/** What bubblewrap says of itself, in a file without a name. */
function openStatus() {
  const folder = mkdtempSync(join(tmpdir(), "baton-sandbox-"));
  const fd = openSync(join(folder, "status"), "wx+", 0o600);
  rmSync(folder, { recursive: true });
  const buffer = Buffer.alloc(4096);
  const number = (name: string): number | undefined => {
    const said = buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.byteLength, 0));
    const found = new RegExp(`"${name}": (\\d+)`).exec(said)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return { fd, number, close: () => closeSync(fd) };
}

/** Bubblewrap that has no first process to be killed is given so long to end at its gate. */
const START_MS = 1000;

/** Opens the gate when all processes of bubblewrap are bound, and tells the guard how far it is (A4). */
function follow(
  child: ChildProcess,
  status: ReturnType<typeof openStatus>,
  onStart: SandboxCall["onStart"],
) {
  let root: number | undefined;
  let wasKilled = false;
  let last: NodeJS.Timeout | undefined;
  let code: number | undefined;
  const pipe = child.stdio[FD.gate];
  const gate = pipe instanceof Duplex ? pipe : undefined;
  const guard = writableOf(child, FD.guard);
  guard?.on("error", () => undefined);
  const kill = (): void => {
    wasKilled = true;
    // With the first process of a process namespace all others end; bubblewrap then does by itself.
    if (endProcess(root)) return;
    gate?.destroy();
    last ??= setTimeout(() => child.kill("SIGKILL"), START_MS);
  };
  gate?.on("error", () => undefined);
  gate?.on("data", () => {
    root = status.number("child-pid");
    if (wasKilled) return kill();
    if (root !== undefined) onStart?.(root);
    guard?.write("go\n");
    gate.end("go\n");
  });
  const finish = async (): Promise<void> => {
    // Bubblewrap has them open until it ends, whatever the program does with its own.
    await Promise.all([child.stdout, child.stderr].map(ended));
    // Without a code somebody else has killed it.
    code = status.number("exit-code") ?? (root === undefined ? undefined : 128 + 9);
    clearTimeout(last);
    guard?.end("done\n");
  };
  void finish();
  return { root: () => root, kill, exitCode: () => code };
}

async function ended(pipe: Readable | null): Promise<void> {
  if (pipe !== null && !pipe.closed) await once(pipe, "close");
}

function endProcess(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1)?.slice(0, 400) || undefined;
}
