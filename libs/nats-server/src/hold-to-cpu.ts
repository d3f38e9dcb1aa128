import { readFileSync } from "node:fs";

/** The shell moves itself, where there is `taskset`, and becomes the program: its process number stays the same. */
const HELD = `cpu=$1
shift
taskset -c -p "$cpu" $$ >/dev/null 2>&1
exec "$0" "$@"`;

/** A program with its arguments. */
export interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
}

/** The invocation that runs the same program on one CPU only; where the system can't do that, on any. */
export function heldToCpu({ file, args }: Invocation, cpu: number): Invocation {
  return { file: "/bin/sh", args: ["-c", HELD, file, String(cpu), ...args] };
}

/** Numbers of the CPUs that this process may use, in ascending order; none where the system doesn't say. */
export function allowedCpus(): number[] {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return parseCpuList(/^Cpus_allowed_list:\s*(\S*)$/m.exec(status)?.[1] ?? "");
  } catch {
    return [];
  }
}

/** The numbers in a list such as `0-2,5`. */
export function parseCpuList(list: string): number[] {
  return list
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
