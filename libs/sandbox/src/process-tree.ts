/** A process and all that descend from it, by /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** What they take at this moment. */
export interface TreeUsage {
  readonly processes: number;
  /** What is theirs alone or shared among them; not the programs' own pages. */
  readonly memoryBytes: number;
}

/** Most processes that are looked at: more than any run may have. */
const MOST = 4096;

/** Nothing where there's no /proc. */
export function treeUsage(root: number): TreeUsage {
  let memoryBytes = 0;
  const found = [root];
  for (let next = 0; next < found.length && found.length < MOST; next += 1) {
    const pid = found[next] ?? root;
    memoryBytes += memoryOf(pid);
    found.push(...childrenOf(pid));
  }
  return { processes: found.length, memoryBytes };
}

/** Each thread has a list of its own. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`)
      .split(" ")
      .flatMap((text) => (text === "" ? [] : [Number(text)])),
  );
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function memoryOf(pid: number): number {
  const status = read(`/proc/${pid}/status`);
  const kib = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)];
  return kib.reduce((sum, [, text]) => sum + Number(text) * 1024, 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** When the process began, by the kernel's count; undefined if there's none. */
export function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The command's name stands in parentheses and may hold anything, so count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}
