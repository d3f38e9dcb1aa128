/** Readiness of a service that writes its address into a file and answers `GET /readyz`. */
import { readFileSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { z } from "zod";

const FIRST_LOOK_MS = 15;
const LAST_LOOK_MS = 200;
const ANSWER_WITHIN_MS = 2000;

const Readiness = z.object({
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), reason: z.string().nullable() })),
});

/** What `awaitHttpReady` looks at. */
export interface HttpReadiness {
  /** The file that the service writes its address to; see `forgetAddress`. */
  readonly addressFile: string;
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** The address, once `/readyz` answers 200. Rejects at the deadline with the checks that fail and their reasons. */
export async function awaitHttpReady(wanted: HttpReadiness): Promise<string> {
  const deadline = AbortSignal.timeout(wanted.withinMs);
  const signal = AbortSignal.any([wanted.signal, deadline]);
  let last: string | undefined;
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.3, LAST_LOOK_MS)) {
    const address = readAddress(wanted.addressFile);
    if (address !== undefined) {
      const trouble = await troubleAt(address, signal);
      if (trouble === undefined) return address;
      // A look that the deadline cuts short has learned nothing: what was heard before says more.
      if (signal.aborted) last ??= trouble;
      else last = trouble;
    }
    try {
      await delay(pause, undefined, { signal });
    } catch (cause) {
      if (wanted.signal.aborted) throw cause;
      const heard = last ?? "it hasn't opened its port yet";
      throw new Error(`not within ${wanted.withinMs} ms; last answer: ${heard}`, { cause });
    }
  }
}

/** The address in the file, or undefined if there's none yet. */
export function readAddress(addressFile: string): string | undefined {
  try {
    const text = readFileSync(addressFile, "utf8").trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Removes what an earlier process wrote, so that its address isn't taken for the next one's. */
export function forgetAddress(addressFile: string): void {
  rmSync(addressFile, { force: true });
}

/** Why the service isn't ready, or undefined if it is. */
async function troubleAt(address: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(`${address}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    const body: unknown = await response.json();
    if (response.status === 200) return undefined;
    const checks = Readiness.safeParse(body).data?.checks ?? [];
    const failing = checks.filter(({ ok }) => !ok);
    return failing.map(({ name, reason }) => `${name}: ${reason ?? "not ok"}`).join("; ");
  } catch (error) {
    return `${address} doesn't answer (${error instanceof Error ? error.message : String(error)})`;
  }
}
