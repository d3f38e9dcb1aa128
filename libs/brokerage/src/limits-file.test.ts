import { createUser } from "@nats-io/nkeys";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { keyOwners, limitsText, parseLimits } from "./limits-file.ts";
import { DEFAULT_LIMITS, type OrderLimits } from "./limits.ts";

const people = {
  ada: createUser(),
  ben: createUser(),
  "ada ": createUser(),
  bob: createUser(),
  b0b: createUser(),
  mallory: createUser(),
};
const ownerOf = keyOwners(
  stringify(
    Object.entries(people)
      .filter(([name]) => name !== "mallory")
      .map(([name, pair]) => ({ name, publicKey: pair.getPublicKey(), roles: ["risk"] })),
  ),
);
const RAISED: OrderLimits = { ...DEFAULT_LIMITS, notional: DEFAULT_LIMITS.notional + 1 };
const entry = (limits: OrderLimits = RAISED) => ({ limits, why: "agreed on" });

function signed(name: keyof typeof people, account = "cand-0001", of = entry()) {
  const pair = people[name];
  const signature = pair.sign(new TextEncoder().encode(limitsText(account, of)));
  return {
    publicKey: pair.getPublicKey(),
    signature: Buffer.from(signature).toString("base64url"),
  };
}

/** What the file's limits of `cand-0001` are, or its faults. */
function read(accounts: Record<string, unknown>) {
  const result = parseLimits(stringify({ version: "baton-limits-v1", accounts }), ownerOf);
  return "book" in result ? result.book.of("cand-0001") : result.faults.join("\n");
}

test("whoever isn't named has the default, or what the file gives everybody", () => {
  expect(read({})).toEqual(DEFAULT_LIMITS);
  const low = { ...DEFAULT_LIMITS, notional: 5 };
  expect(read({ "*": entry(low) })).toEqual(low);
  expect(read({ "*": entry(low), "cand-0001": entry(DEFAULT_LIMITS) })).toEqual(DEFAULT_LIMITS);
  expect(read({ "cand-0002": entry(low) })).toEqual(DEFAULT_LIMITS);
});

test("a registry with a name that can't be told from others by reading it is none", () => {
  const publicKey = createUser().getPublicKey();
  const registry = (name: string) => stringify([{ name, publicKey, roles: [] }]);
  expect(keyOwners(registry("ada"))(publicKey)).toBe("ada");
  for (const name of ["ada\u3164", "r\u043eot", ""])
    expect(() => keyOwners(registry(name))).toThrow(/identity/);
});

test("a raised limit holds with the signatures of two different people", () => {
  const raisedBy = [signed("ada"), signed("ben")];
  expect(read({ "cand-0001": { ...entry(), raisedBy } })).toEqual(RAISED);
});

test.each([
  ["nobody", [], /nobody has signed/],
  ["one", [signed("ada")], /signed by ada only/],
  ["one twice", [signed("ada"), signed("ada")], /signed by ada only/],
  ["one under a name that reads the same", [signed("ada"), signed("ada ")], /signed by ada only/],
  ["one under a name that looks the same", [signed("bob"), signed("b0b")], /signed by bob only/],
  ["one whom nobody knows", [signed("ada"), signed("mallory")], /registry doesn't have/],
  ["one for another account", [signed("ada"), signed("ben", "cand-0002")], /ben's signature/],
  [
    "one for other figures",
    [signed("ada"), signed("ben", "cand-0001", entry(DEFAULT_LIMITS))],
    /ben's signature/,
  ],
])("a limit raised by %s isn't taken", (_, raisedBy, fault) => {
  expect(read({ "cand-0001": { ...entry(), raisedBy } })).toMatch(fault);
});

test.each([
  ["another version", "version: v2\naccounts: {}\n", /version/],
  ["a key that nobody knows", "version: baton-limits-v1\naccounts: {}\nmore: 1\n", /more/],
  ["aliases", "version: &a baton-limits-v1\naccounts: {}\nmore: *a\n", /aliases/],
  ["no YAML", "a: [", /isn't YAML/],
])("a file with %s is refused with the reason", (_, text, fault) => {
  const result = parseLimits(text, ownerOf);
  expect("faults" in result && result.faults.join()).toMatch(fault);
});
