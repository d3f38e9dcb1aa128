/** This machine's clock against the server's: what is signed here bears the time of this machine. */
import { SIGNED_WITHIN_MS } from "@baton/contracts";
import { durationText } from "@baton/views";

import { fault, type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

/** Differences up to here come from the measurement, in milliseconds. */
const CLOCK_MS = 2000;

/** From an answer that carries the server's time. */
export async function examineClock({ serverTime, asked }: World): Promise<Finding[]> {
  return [clockFinding(serverTime, asked)];
}

/** Says what follows from the difference: ages that are shown wrong, then commands that are refused. */
export function clockFinding(serverTime: string | undefined, asked: World["asked"]): Finding {
  if (serverTime === undefined) return remark("clock", "the server doesn't say its time");
  const off = Date.parse(serverTime) - (asked.sentMs + asked.receivedMs) / 2;
  if (Math.abs(off) <= CLOCK_MS) return ok("clock", `the server's differs by ${durationText(off)}`);
  const found = `this machine's is ${durationText(Math.abs(off))} ${off > 0 ? "behind" : "ahead of"} the server's`;
  const refused = `commands that are signed more than ${durationText(SIGNED_WITHIN_MS)} before or after they are stored are refused`;
  return Math.abs(off) > SIGNED_WITHIN_MS
    ? fault(
        "clock",
        `${found}: ${refused}, the kill switch too`,
        "Run NTP here and on the server, now.",
      )
    : remark(
        "clock",
        found,
        `Run NTP here and on the server: ages are shown wrong, and ${refused}.`,
      );
}
