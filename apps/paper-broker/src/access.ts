/**
 * Who may do what at the broker. Each user has a token of its own; the broker keeps their digests, and compares those in
 * constant time.
 *
 * A1: the mesh's hold on all accounts is the engine's alone: whoever else asks for its release is refused.
 * A2: lane F acts freely in the accounts of its own drills; in all others it only stops and takes away.
 */
import { createHash, timingSafeEqual } from "node:crypto";

import type { KillSwitchScope } from "@baton/brokerage";

/** Who brings a token; `operator` is a person, or what a person runs. */
export type Holder = "paper-engine" | "lane-e" | "lane-f" | "operator";

/** The token of each holder. */
export type Tokens = Readonly<Record<Holder, string>>;

/** An act that isn't reading. `reduce`: an order that only takes away from what is held. */
export type Act =
  | "order"
  | "reduce"
  | "cancel"
  | `engage-${KillSwitchScope}`
  | `release-${KillSwitchScope}`
  | "faults";

/** Accounts of lane F's drills, which hold nothing of anybody's. */
const DRILL_ACCOUNT = /^drill-/;

const MAY: Readonly<Record<Holder, readonly Act[]>> = {
  "paper-engine": ["order", "reduce", "cancel", "engage-mesh", "release-mesh"],
  "lane-e": [],
  "lane-f": ["reduce", "cancel", "engage-account"],
  operator: [
    "order",
    "reduce",
    "cancel",
    "engage-all",
    "release-all",
    "engage-account",
    "release-account",
    "faults",
  ],
};
const MAY_IN_DRILLS: readonly Act[] = ["order", "release-account"];

/** True if `holder` may do `act` in `account`; everybody with a token may read. */
export function mayDo(holder: Holder, act: Act, account: string): boolean {
  if (MAY[holder].includes(act)) return true;
  return holder === "lane-f" && DRILL_ACCOUNT.test(account) && MAY_IN_DRILLS.includes(act);
}

/** Finds whose token the header `Authorization` brings: `Bearer <token>`; undefined if it's nobody's. */
export function holderOf(
  tokens: Tokens,
): (authorization: string | undefined) => Holder | undefined {
  const known: readonly [Holder, Buffer][] = [
    ["paper-engine", digestOf(tokens["paper-engine"])],
    ["lane-e", digestOf(tokens["lane-e"])],
    ["lane-f", digestOf(tokens["lane-f"])],
    ["operator", digestOf(tokens.operator)],
  ];
  return (authorization = "") => {
    const brought = digestOf(/^Bearer ([\x21-\x7e]{1,256})$/i.exec(authorization)?.[1] ?? "");
    // All of them are compared, whichever it is.
    return known.filter(([, digest]) => timingSafeEqual(digest, brought))[0]?.[0];
  };
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
