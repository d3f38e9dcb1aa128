import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { createUser } from "@nats-io/nkeys";
import { afterAll, expect, test } from "vitest";

import { followPeople } from "./follow-people.ts";

const folder = temporaryFolder("people");
afterAll(() => folder.remove());
const file = join(folder.path, "people.yaml");
const [ada, bob] = [createUser(), createUser()].map((pair) => pair.getPublicKey());
const line = (name: string, key = "") => `- { name: ${name}, publicKey: ${key}, roles: [] }\n`;

test("a registry is followed; one that can't be used keeps the last good one and is told once", async () => {
  await expect(followPeople(file)).rejects.toThrow("key registry");
  writeFileSync(file, line("ada", ada));
  const told: string[] = [];
  const people = await followPeople(file, {
    everyMs: 3_600_000,
    onChange: (change) => told.push("fault" in change ? change.fault : `${change.people.size}`),
  });
  const names = () => Array.from(people.current().values(), ({ name }) => name);
  await people.refresh();
  expect([names(), told]).toEqual([["ada"], []]);

  writeFileSync(file, line("ada", ada) + line("bob", bob));
  await people.refresh();
  expect([names(), told, people.fault()]).toEqual([["ada", "bob"], ["2"], undefined]);

  writeFileSync(file, line("bob", bob) + line("bob", "nonsense"));
  await people.refresh();
  await people.refresh();
  expect(names()).toEqual(["ada", "bob"]);
  expect(people.fault()).toContain("1: publicKey");
  expect(told).toEqual(["2", people.fault()]);

  writeFileSync(file, line("bob", bob));
  await people.refresh();
  expect([names(), told.length, people.fault()]).toEqual([["bob"], 3, undefined]);
  people.stop();
});
