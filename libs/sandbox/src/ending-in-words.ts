import type { SandboxEnding } from "./plan.ts";

const MIB = 2 ** 20;

/** How a run ended as the end of a sentence that begins with what ran, such as "was ended after 60 s". */
export function endingInWords(ending: SandboxEnding): string {
  switch (ending.kind) {
    case "exited":
      return `ended with exit code ${ending.code}`;
    case "killed":
      return `was killed (${ending.signal})`;
    case "aborted":
      return "was stopped";
    case "refused":
      return `wasn't started: ${ending.failure.message}`;
    case "limit":
      return limitInWords(ending.limit, ending.most);
  }
}

function limitInWords(
  limit: Extract<SandboxEnding, { kind: "limit" }>["limit"],
  most: number,
): string {
  switch (limit) {
    case "time":
      return `was ended after ${most / 1000} s, the most that it may take`;
    case "memory":
      return `was ended because it took more than ${Math.round(most / MIB)} MiB of memory`;
    case "output":
      return `was ended because it wrote more than ${most} bytes of output`;
    case "file":
      return `was ended because it made a file larger than ${most} bytes`;
  }
}
