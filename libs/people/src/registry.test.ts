import { createUser } from "@nats-io/nkeys";
import { expect, test } from "vitest";

import { keyOf } from "./keys.ts";
import { parsePeople } from "./registry.ts";

const [ada, bob] = [createUser(), createUser()].map((pair) => pair.getPublicKey());
const seed = new TextDecoder().decode(createUser().getSeed());

function faultsOf(document: unknown): readonly string[] {
  const result = parsePeople(typeof document === "string" ? document : JSON.stringify(document));
  return result.ok ? [] : result.faults;
}

test("people are known by their keys; a system may have no role, a person two keys", () => {
  const result = parsePeople(`
- name: Ada Lovelace
  publicKey: ${ada}
  roles: [risk, ops]
- { name: Ada Lovelace, publicKey: ${bob}, roles: [ops, risk] }
- { name: nightly, publicKey: ${createUser().getPublicKey()}, roles: [] }
`);
  const people = result.ok ? [...result.people.values()] : [];
  expect(people.map(({ name, roles }) => [name, roles])).toEqual([
    ["Ada Lovelace", ["risk", "ops"]],
    ["Ada Lovelace", ["ops", "risk"]],
    ["nightly", []],
  ]);
});

test("every fault is named, with the place in the list", () => {
  const wrongSum = `${ada?.slice(0, -1)}${ada?.endsWith("A") ? "B" : "A"}`;
  const faults = faultsOf([
    { name: "ada", publicKey: ada, roles: ["risk"] },
    { name: "eve", publicKey: ada, roles: [] },
    { name: "bob", publicKey: wrongSum, roles: [] },
    { name: "dan", publicKey: "UAB", roles: ["Risk"] },
    { name: "kim", roles: ["ops", "ops"] },
    { name: "zoe\u200b", publicKey: bob, roles: [], email: "zoe@example.org" },
    "zoe",
    { name: "lee", publicKey: bob, roles: ["ops", "ops"] },
  ]);
  expect(faults.map((fault) => fault.slice(0, 60))).toEqual([
    `1: publicKey: ${ada} is ada's already`.slice(0, 60),
    `2: publicKey: ${wrongSum} isn't a key: its checksum is wrong`.slice(0, 60),
    "3: publicKey: publicKey: an nkey of a user, U and 55 charact",
    "3: roles.0: role: 1 to 31 of a-z, 0-9 and '-', starting with",
    "4: publicKey: Invalid input: expected string, received undef",
    "5: name: identity: 1 to 120 printable characters with a lett",
    '5: : Unrecognized key: "email"',
    "6: : Invalid input: expected object, received string",
    "7: roles: one is listed twice",
  ]);
});

test.each([
  ["Ada", "ada"],
  ["ada lovelace", "ada  lovelace"],
  ["root", "rооt".replaceAll("r", "г").replaceAll("t", "т")],
  ["bob", "b0b"],
  ["strauss", "strauß"],
  ["will", "vvi1l"],
  ["ada", "ada."],
  ["o'neil", "oneil"],
  ["adá", "ada"],
  ["clara", "dara"],
  ["benz", "ben2"],
  ["kim", "ĸim"],
  ["ŋuni", "nuni"],
  ["ραυλ", "pavl"],
])("the names %j and %j could be taken for each other", (one, other) => {
  const faults = faultsOf([
    { name: one, publicKey: ada, roles: [] },
    { name: other, publicKey: bob, roles: [] },
  ]);
  expect(faults).toEqual([
    `1: name: ${JSON.stringify(other)} can't be told from ${JSON.stringify(one)}: if it is another person, give a name that differs in more than signs, accents, case and letters that look alike`,
  ]);
});

test("names in Han letters are told apart by what stands beside them only", () => {
  const registryOf = (one: string, other: string) =>
    faultsOf([
      { name: one, publicKey: ada, roles: [] },
      { name: other, publicKey: bob, roles: [] },
    ]);
  for (const [one, other] of [
    ["戶田", "户田"],
    ["日", "曰"],
    ["王伟", "李娜"],
  ] as const)
    expect(registryOf(one, other).join()).toMatch(/^1: name: .*Han letters.*add a number or kana/);
  expect(registryOf("王伟 7", "李娜 8")).toEqual([]);
  expect(registryOf("田中さくら", "田中はな")).toEqual([]);
});

test("a name has the same roles with each of its keys", () => {
  const faults = faultsOf([
    { name: "ada", publicKey: ada, roles: ["risk"] },
    { name: "ada", publicKey: bob, roles: ["ops"] },
  ]);
  expect(faults).toEqual(["1: roles: ada has others with another key: risk"]);
});

test("a secret half that was put there by mistake isn't told", () => {
  const faults = faultsOf([{ name: "ada", publicKey: seed, roles: [] }]);
  expect(faults).toHaveLength(1);
  expect(faults.join()).not.toContain(seed);
});

test.each([
  ["nothing", "", "must be a list"],
  ["an empty list", "[]", "nobody is listed"],
  ["one person instead of a list", "name: ada", "must be a list"],
  ["no YAML", "- name: [", "isn't YAML"],
  [
    "a key twice",
    "- {name: ada, name: bob, publicKey: x, roles: []}",
    "line 1, column 15: the key",
  ],
  ["too much", `# ${"x".repeat(1_000_001)}`, "at most 1000000"],
])("%s isn't a registry", (_, text, fault) => {
  expect(faultsOf(text).join()).toContain(fault);
});

test.each(["", "U", "x".repeat(56), `U${"A".repeat(55)}`])("%j is no key", (text) => {
  expect(() => keyOf(text)).toThrow(/nkeys/);
});
