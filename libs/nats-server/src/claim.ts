/**
 * Mutual exclusion between processes through a folder, without native code.
 *
 * C1 A claim is a file named after one process (number and start time), so that it's stale exactly
 *    if that process is gone, and anybody may then remove it at any time.
 * C2 Whoever wants the folder first adds its own claim and looks for others afterwards; of two at
 *    the same time at least one sees the other, so never both go on (maybe neither: try again).
 *
 * It covers processes of one machine and one process namespace, not containers that share a volume.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { makeFolder } from "@baton/files";

import { processIdentity } from "./process-identity.ts";

/** A folder that this or another process has for itself. */
export interface Claim {
  /** Passes the claim on to another process; from then on its life counts. */
  transfer(pid: number): void;
  release(): void;
}

/** A live claim of somebody else. */
export interface Holder {
  readonly pid: number;
  /** The process that made the claim, if the holder is to end when that one does. */
  readonly tiedTo: { readonly alive: boolean } | undefined;
}

/** Claims `folder` (made if needed) at once, or says who has it. */
export function tryClaim(
  folder: string,
  { tied = false }: { tied?: boolean } = {},
): { ok: true; claim: Claim } | { ok: false; holder: Holder } {
  makeFolder(folder);
  const nonce = randomUUID().slice(0, 8);
  const ownIdentity = processIdentity(process.pid) ?? "unknown";
  const suffix = tied ? `-${process.pid}-${ownIdentity}` : "";
  let mine = join(folder, `${nonce}-${process.pid}-${ownIdentity}`);
  writeFileSync(mine, "");
  const holder = liveHolders(folder, nonce)[0];
  if (holder !== undefined) {
    rmSync(mine, { force: true });
    return { ok: false, holder };
  }
  const claim: Claim = {
    transfer(pid) {
      const next = join(folder, `${nonce}-${pid}-${processIdentity(pid) ?? "gone"}${suffix}`);
      writeFileSync(next, "");
      rmSync(mine, { force: true });
      mine = next;
    },
    release: () => rmSync(mine, { force: true }),
  };
  return { ok: true, claim };
}

/** Claims `folder`, waiting for whoever has it; `waiting` is called once with its process number. */
export async function claimWhenFree(
  folder: string,
  { signal, waiting }: { signal: AbortSignal; waiting: (pid: number) => void },
): Promise<Claim> {
  let told = false;
  for (;;) {
    const attempt = tryClaim(folder);
    if (attempt.ok) return attempt.claim;
    if (!told) waiting(attempt.holder.pid);
    told = true;
    // Random, so that two that saw each other don't meet again for ever.
    await delay(20 + Math.random() * 180, undefined, { signal });
  }
}

const CLAIM = /^([0-9a-f]{8})-(\d+)-(\w+)(?:-(\d+)-(\w+))?$/;

function liveHolders(folder: string, ownNonce: string): Holder[] {
  return readdirSync(folder).flatMap((name) => {
    const [, nonce, pid, identity, parentPid, parentIdentity] = CLAIM.exec(name) ?? [];
    if (nonce === undefined || nonce === ownNonce) return [];
    if (processIdentity(Number(pid)) !== identity) {
      rmSync(join(folder, name), { force: true });
      return [];
    }
    const tiedTo =
      parentPid === undefined
        ? undefined
        : { alive: processIdentity(Number(parentPid)) === parentIdentity };
    return [{ pid: Number(pid), tiedTo }];
  });
}
