/** A process in the sandbox that is asked in lines, one answer each. */
import { PassThrough } from "node:stream";

import type { Sandbox, SandboxEnd, SandboxPlan } from "@baton/sandbox";

/** What came of a question. */
type Said =
  | { readonly kind: "line"; readonly line: string }
  /** It took too long; the process is being ended. */
  | { readonly kind: "late" }
  | { readonly kind: "ended"; readonly end: SandboxEnd };

/** A process that answers; disposing ends it. */
export interface Conversation extends AsyncDisposable {
  /** One question at a time. */
  ask(line: string, withinMs: number): Promise<Said>;
}

/** Longest line that is taken: whatever is longer is no answer, and is cut. */
const MAX_LINE = 4 * 2 ** 20;

/** Starts it. What it writes beyond its answers is dropped. */
export function openConversation(
  sandbox: Sandbox,
  plan: Omit<SandboxPlan, "input">,
  signal: AbortSignal,
): Conversation {
  const input = new PassThrough();
  const over = new AbortController();
  const lines = createLines();
  const running = sandbox
    .run(
      { ...plan, input },
      {
        signal: AbortSignal.any([signal, over.signal]),
        keepBytes: 0,
        onOutput: (piece, stream) => {
          if (stream === "stdout") lines.add(piece);
        },
      },
    )
    .then((end): Said => ({ kind: "ended", end }));
  return {
    ask: async (line, withinMs) => {
      const answer = lines.next();
      input.write(`${line}\n`);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<Said>((resolve) => {
        timer = setTimeout(() => resolve({ kind: "late" }), withinMs);
      });
      try {
        return await Promise.race([answer, running, late]);
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.asyncDispose]: async () => {
      input.end();
      over.abort();
      await running;
    },
  };
}

function createLines() {
  let waiting: ((said: Said) => void) | undefined;
  let rest: Buffer[] = [];
  let bytes = 0;
  const answer = (): void => {
    const line = Buffer.concat(rest).toString("utf8");
    rest = [];
    bytes = 0;
    waiting?.({ kind: "line", line });
    waiting = undefined;
  };
  return {
    next: () =>
      new Promise<Said>((resolve) => {
        waiting = resolve;
      }),
    add(piece: Buffer): void {
      let from = 0;
      for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, from)) {
        rest.push(piece.subarray(from, at));
        answer();
        from = at + 1;
      }
      bytes += piece.length - from;
      if (bytes <= MAX_LINE && from < piece.length) rest.push(piece.subarray(from));
    },
  };
}
