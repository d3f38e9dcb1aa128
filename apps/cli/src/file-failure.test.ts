/** Folders and files that this user can't have: each command says which and what to set, at once, and is no fault of Baton. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { BasisBroken } from "@baton/contracts";
import { JournalCorrupt } from "@baton/mesh";
import { explainError } from "@baton/terminal";
import { afterAll, describe, expect, test } from "vitest";

import { baton } from "./testing/run-baton.ts";

const folder = mkdtempSync(join(tmpdir(), "baton-places-"));
const file = join(folder, "file");
writeFileSync(file, "");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const TREND = join(import.meta.dirname, "../../../examples/candidates/trend.yaml");

const BATON_FOLDER = join(import.meta.dirname, "../../../.baton/mesh");
const PLACES = ["/proc/baton/x", "/sys/baton", "/dev/null", "/dev/null/x", file, join(file, "x")];

/** What is named is the place, or what it lies in where already that can't be. */
function shownOf(place: string): string {
  return place.split("/").slice(0, 3).join("/");
}

describe.runIf(process.platform === "linux").concurrent("a place where nothing can be", () => {
  test.each(
    PLACES.flatMap(
      (place) =>
        [
          [["up", "--port", "0", "--data", place], place],
          [["nats-config", "--new-keys", place], place],
          [["get", "candidates", "--data", place], place],
        ] as const,
    ),
  )("%j", async (args, place) => {
    const { code, stderr } = await baton(args);
    expect(stderr).toContain(shownOf(place));
    expect(stderr).toContain("\n  do:    ");
    expect(stderr).not.toContain("E_INTERNAL");
    expect([3, 8]).toContain(code);
  });

  test.each(
    PLACES.flatMap(
      (place) =>
        [
          [["login"], { BATON_KEY_FILE: place }, place],
          [["login"], { HOME: place }, place],
          [["trust", `mesh-${"0".repeat(32)}`], { BATON_MESHES_FILE: join(place, "x") }, place],
          [["submit", TREND], { BATON_KEY_FILE: place }, place],
          [["up", "--ephemeral", "--port", "0"], { TMPDIR: place }, place],
        ] as const,
    ),
  )("%j with %j", async (args, env, place) => {
    const { code, stderr } = await baton(args, { env });
    expect(stderr).toContain(shownOf(place));
    expect(stderr).toContain("\n  do:    ");
    expect(stderr).not.toContain("E_INTERNAL");
    expect([3, 8]).toContain(code);
  });
});

test.each([
  [{ code: "EROFS", syscall: "mkdir", path: BATON_FOLDER }, 3, "--data"],
  [{ code: "EACCES", syscall: "open", path: join(homedir(), ".config/x") }, 3, "BATON_KEY_FILE"],
  [{ code: "ENOSPC", syscall: "write", path: "/elsewhere/x" }, 8, "Make room"],
  [{ code: "ENOENT", syscall: "mkdtemp", path: join(tmpdir(), "x") }, 3, "TMPDIR"],
])("%j", (told, exit, action) => {
  expect(explainError(Object.assign(new Error("x"), told))).toMatchObject({
    exit,
    value: told.path,
    action: expect.stringContaining(action),
  });
});

test("a write that fails names no file: room is asked for all the same", () => {
  const full = Object.assign(new Error("x"), { code: "ENOSPC", syscall: "write" });
  expect(explainError(full)).toMatchObject({ code: "E_UNAVAILABLE", exit: 8 });
  const other = Object.assign(new Error("x"), { code: "EBADF", syscall: "write" });
  expect(explainError(other)).toMatchObject({ code: "E_INTERNAL", exit: 70 });
});

test("a file of ours that is absent stays a fault of Baton", () => {
  const error = Object.assign(new Error("x"), { code: "ENOENT", syscall: "open", path: "/x" });
  expect(explainError(error)).toMatchObject({ code: "E_INTERNAL", exit: 70 });
});

test("an entry whose earlier ones aren't what it names says how to mend that, not who wrote it", () => {
  const cause = new BasisBroken("entry 3 of cand-000001 names JOURNAL 7, which isn't there");
  const told = explainError(new JournalCorrupt(cause.message, { cause }));
  expect(told).toMatchObject({
    code: "E_CONFLICT",
    message: cause.message,
    action: expect.stringContaining("baton doctor --deep"),
  });
});
