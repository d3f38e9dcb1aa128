/**
 * What bubblewrap is told for a plan.
 *
 * A1: namespaces of its own for processes, mounts, network, IPC and host name; a session of its own; no capability; no new
 *     privileges (bubblewrap's own doing); a user number that nobody else has.
 * A2: a plain user gets a user namespace, in which no further one can be made. Real root gets none: there the number 0 outside
 *     would stay the number inside, whatever it is called, and with it the right to write /proc/sys. It takes a number of its own
 *     with `setpriv` instead.
 * A3: only what is named is there. All of it is read-only but the tree and home of the plan and a temporary folder of bounded size.
 * A4: what is started ends with its caller, at any moment. Bubblewrap's own `--die-with-parent` binds its two processes to life only
 *     from a moment on, and one that is killed before leaves the other for ever. So bubblewrap is bound to a guard outside, who
 *     outlives a caller that dies early; the program waits at a gate until the first process inside sleeps, which is after that
 *     moment, and the caller has said go. A gate that can't hear that any more ends, and bubblewrap with it. For the same reason
 *     bubblewrap says its status into a file: a pipe without a reader would kill it.
 */
import { dirname } from "node:path";

import type { SandboxLimits, SandboxPlan } from "./plan.ts";

/** Whose rights a run has. */
export type Identity =
  | { readonly kind: "user-namespace" }
  | { readonly kind: "own-number"; readonly uid: number };

/** Where the tree is inside. */
export const TREE = "/tree";
/** File descriptors: of the gate, of the guard, of the input, of bubblewrap's status; files' contents follow. */
export const FD = { gate: 3, guard: 4, input: 5, status: 6, firstFile: 7 } as const;
const TEMPORARY = "/tmp";
const NOBODY = 65_534;

/** Content that is handed over by a file descriptor. */
export interface FileInside {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** What is known about this machine. */
export interface Machine {
  /** Top-level names such as /lib: links into /usr with their target, or folders. */
  readonly top: readonly { readonly path: string; readonly link: string | undefined }[];
  readonly node: string;
}

/** The files that a plan brings, and the accounts. */
export function filesInside(plan: SandboxPlan, identity: Identity): readonly FileInside[] {
  const id = identity.kind === "own-number" ? identity.uid : NOBODY;
  return [
    { path: "/etc/passwd", content: `sandbox:x:${id}:${id}::${TEMPORARY}:/bin/sh\n` },
    { path: "/etc/group", content: `sandbox:x:${id}:\n` },
    ...Object.entries(plan.files ?? {}).map(([name, content]) => ({
      path: `${TREE}/${name}`,
      content,
    })),
  ];
}

/** Arguments for bubblewrap up to the program. */
export function bubblewrapArguments(
  plan: SandboxPlan,
  of: { readonly limits: SandboxLimits; readonly identity: Identity; readonly machine: Machine },
): string[] {
  const { limits, identity, machine } = of;
  return [
    ...namespaces(plan, identity),
    ...words("--die-with-parent --new-session --hostname sandbox --clearenv"),
    ...words(`--json-status-fd ${FD.status}`),
    ...environment(plan),
    ...system(machine),
    ...scratch("/dev/shm", limits.scratchBytes),
    ...words("--remount-ro /dev"),
    ...scratch(TEMPORARY, limits.scratchBytes),
    ...readable(plan, machine),
    ...(plan.tree === undefined ? ["--dir", TREE] : bind("--bind", plan.tree, TREE)),
    ...(plan.home === undefined ? [] : bind("--bind", plan.home)),
    ...Object.entries(plan.folders ?? {}).flatMap(([name, from]) => {
      return bind("--ro-bind", from, `${TREE}/${name}`);
    }),
    ...filesInside(plan, identity).flatMap(({ path }, index) => {
      return ["--perms", "0444", "--ro-bind-data", String(FD.firstFile + index), path];
    }),
    ...words("--remount-ro / --chdir / --"),
    ...inside(plan, { limits, identity }),
  ];
}

const words = (text: string): string[] => text.split(" ");

/** Folders that bubblewrap makes on the way to what it binds are open to its own user only, so they are made before. */
function bind(how: "--bind" | "--ro-bind" | "--ro-bind-try", from: string, to = from): string[] {
  return ["--dir", dirname(to), how, from, to];
}

function namespaces(plan: SandboxPlan, identity: Identity): string[] {
  const network = plan.network === "open" ? [] : ["--unshare-net"];
  const all = words("--unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try");
  const ofUser =
    identity.kind === "user-namespace"
      ? words(`--unshare-user --disable-userns --uid ${NOBODY} --gid ${NOBODY}`)
      : words("--cap-add CAP_SETUID --cap-add CAP_SETGID --cap-add CAP_SETPCAP");
  return [...all, ...network, "--cap-drop", "ALL", ...ofUser];
}

function environment(plan: SandboxPlan): string[] {
  return Object.entries(environmentOf(plan, TEMPORARY)).flatMap(([name, value]) => {
    return ["--setenv", name, value];
  });
}

/** The whole environment of what runs. */
export function environmentOf(plan: SandboxPlan, temporary: string): Record<string, string> {
  return {
    PATH: "/usr/bin:/bin",
    HOME: plan.home ?? temporary,
    TMPDIR: temporary,
    LANG: "C.UTF-8",
    ...plan.environment,
  };
}

/** Programs and libraries of the system, and what they look for below /etc. */
function system({ top }: Machine): string[] {
  const etc = ["/etc/alternatives", "/etc/ld.so.cache"];
  return [
    ...words("--ro-bind /usr /usr"),
    ...top.flatMap(({ path, link }) => {
      return link === undefined ? ["--ro-bind", path, path] : ["--symlink", link, path];
    }),
    ...etc.flatMap((path) => bind("--ro-bind-try", path)),
    ...words("--proc /proc --dev /dev"),
  ];
}

function scratch(path: string, bytes: number): string[] {
  return ["--size", String(bytes), "--perms", "1777", "--tmpfs", path];
}

/** What names and certificates take. */
const FOR_NETWORK = ["resolv.conf", "hosts", "nsswitch.conf", "ssl", "ca-certificates", "pki"];

function readable({ reads = [], network = "none" }: SandboxPlan, machine: Machine): string[] {
  const needed = [machine.node, ...reads];
  if (typeof network === "object") needed.push(network.model);
  const etc = network === "open" ? FOR_NETWORK.map((name) => `/etc/${name}`) : [];
  return [
    ...needed.flatMap((path) => bind("--ro-bind", path)),
    ...etc.flatMap((path) => bind("--ro-bind-try", path)),
  ];
}

/**
 * A4: `guard BWRAP ARGUMENTS`. Hears "go" right before the gate does and "done" when all is over; until then its end is the end of
 * bubblewrap.
 */
export const GUARD = `"$@" <&${FD.input} ${FD.input}<&- ${FD.guard}<&- &
exec < /dev/null > /dev/null 2>&1 ${FD.gate}<&- ${FD.input}<&-
if read -r word <&${FD.guard}; then read -r word <&${FD.guard}; else wait; fi`;

/** A4; and lets the system end this before anything else when memory is short. */
const GATE = `while read -r pid name state rest < /proc/1/stat && [ "$state" != S ]; do :; done
echo ready >&${FD.gate}
read -r word <&${FD.gate} || exit 125
echo 1000 > /proc/self/oom_score_adj
exec "$@" ${FD.gate}<&-`;

function inside(
  { command }: SandboxPlan,
  { limits, identity }: { limits: SandboxLimits; identity: Identity },
): string[] {
  const { tasks, openFiles, fileBytes } = limits;
  const limited = words(
    `/usr/bin/prlimit --nproc=${tasks}:${tasks} --nofile=${openFiles}:${openFiles} --fsize=${fileBytes}:${fileBytes} --core=0:0 --`,
  );
  return ["/bin/sh", "-c", GATE, "gate", ...limited, ...ownNumber(identity), ...command];
}

/** The guard's doing has background processes ignore what a keyboard sends. */
const IN_TREE = `/usr/bin/env --default-signal=INT,QUIT --chdir=${TREE}`;

function ownNumber(identity: Identity): string[] {
  if (identity.kind === "user-namespace") return words(IN_TREE);
  const { uid } = identity;
  return words(
    `/usr/bin/setpriv --reuid ${uid} --regid ${uid} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs -- ${IN_TREE}`,
  );
}
