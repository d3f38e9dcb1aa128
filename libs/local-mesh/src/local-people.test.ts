import { appendFileSync, chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  ensureKeyFile,
  localKeyFile,
  meshDirectory,
  operatingSystemUser,
  readKeyFile,
} from "@baton/client";
import { temporaryFolder } from "@baton/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

import { ensurePeople, OTHERS, ownKeyFollower } from "./local-people.ts";

let folder: ReturnType<typeof temporaryFolder>;
const before = process.env["BATON_KEY_FILE"];
beforeEach(() => {
  folder = temporaryFolder("people");
  process.env["BATON_KEY_FILE"] = join(folder.path, "absent");
});
afterEach(() => {
  folder.remove();
  if (before === undefined) delete process.env["BATON_KEY_FILE"];
  else process.env["BATON_KEY_FILE"] = before;
});

const registry = (): string => readFileSync(join(folder.path, "people.yaml"), "utf8");

test("a mesh gets three people, whose keys only their owner may read, and keeps them", () => {
  const directory = meshDirectory(folder.path);
  const own = ensurePeople(directory, OTHERS);
  const text = registry();
  expect(own.name).toBe(operatingSystemUser());
  for (const name of [operatingSystemUser(), ...OTHERS]) {
    const file = localKeyFile(folder.path, name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const roles = OTHERS.includes(name) ? "raise-limits" : "";
    expect(text).toContain(
      `name: "${name}", publicKey: ${readKeyFile(file)?.publicKey}, roles: [${roles}]`,
    );
  }
  ensurePeople(directory, OTHERS);
  expect(registry()).toBe(text);
});

test("a key of one's own is registered instead of one being made, with the roles that its name has", () => {
  const directory = meshDirectory(folder.path);
  const path = join(folder.path, "mine");
  const { key } = ensureKeyFile(path, { name: "ada", fallback: "ada" });
  ensurePeople(directory, OTHERS);
  appendFileSync(
    directory.people,
    `- { name: ada, publicKey: U${"A".repeat(55)}, roles: [risk] }\n`,
  );
  process.env["BATON_KEY_FILE"] = path;
  expect(ensurePeople(directory, OTHERS).publicKey).toBe(key.publicKey);
  expect(registry()).toContain(`name: "ada", publicKey: ${key.publicKey}, roles: [risk]`);
  expect(registry().match(/publicKey/g)).toHaveLength(5);
});

test("a key whose name can't be told from a registered one is refused before anything is written", () => {
  const directory = meshDirectory(folder.path);
  ensurePeople(directory, OTHERS);
  const text = registry();
  process.env["BATON_KEY_FILE"] = join(folder.path, "mine");
  ensureKeyFile(join(folder.path, "mine"), { name: "Reviewer", fallback: "x" });
  expect(() => ensurePeople(directory, OTHERS)).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({ code: "E_INVALID", exit: 3 }),
    }),
  );
  expect(registry()).toBe(text);
});

test("a key that is made while the mesh runs is registered, and not again once its keeper took it out", () => {
  const directory = meshDirectory(folder.path);
  process.env["BATON_KEY_FILE"] = join(folder.path, "mine");
  ensurePeople(directory, OTHERS);
  const text = registry();
  const look = ownKeyFollower(directory);
  expect(look()).toBeUndefined();
  const { key } = ensureKeyFile(join(folder.path, "mine"), { name: "ada", fallback: "ada" });
  expect(look()?.publicKey).toBe(key.publicKey);
  expect(registry()).toBe(`${text}- { name: "ada", publicKey: ${key.publicKey}, roles: [] }\n`);
  writeFileSync(directory.people, text);
  expect(look()).toBeUndefined();
  expect(registry()).toBe(text);
});

test("a registry that others may write is refused, with what to do, and stays as it is", () => {
  const directory = meshDirectory(folder.path);
  ensurePeople(directory, []);
  const text = registry();
  chmodSync(directory.people, 0o666);
  expect(() => ensurePeople(directory, OTHERS)).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({
        code: "E_INVALID",
        value: directory.people,
        message: expect.stringContaining("writable by nobody but its owner"),
        action: expect.stringContaining("chmod go-w"),
      }),
    }),
  );
  expect(registry()).toBe(text);
});

test("a registry that can't be read is left for its keeper to mend", () => {
  const directory = meshDirectory(folder.path);
  ensurePeople(directory, []);
  appendFileSync(directory.people, "- {");
  const broken = registry();
  ensurePeople(directory, OTHERS);
  expect(registry()).toBe(broken);
});

test("any name that a person may have makes a file inside the folder", () => {
  for (const name of ["../../x", "a/b", "..", "ä ö"])
    expect(localKeyFile("/data", name)).toMatch(/^\/data\/people\/[^/]+\.key$/);
});
