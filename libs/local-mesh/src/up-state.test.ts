/** A mesh whose state can't be written goes on, says so, and leaves nothing half written. */
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { type MeshState, openStateFiles, readState } from "@baton/client";
import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { askForEnd } from "./run-book.ts";

function folder(): string {
  const made = temporaryFolder("up-state");
  onTestFinished(() => made.remove());
  return made.path;
}

const state: MeshState = {
  v: 1,
  mesh: { name: `mesh-${"0".repeat(32)}`, receiptKeys: [] },
  pid: process.pid,
  startedAt: "2026-03-01T12:00:00.000Z",
  dataDir: "/nowhere",
  natsUrl: "nats://127.0.0.1:5333",
  syncAlways: true,
  addresses: {},
  pids: {},
};

test("what can't be written is said once, and tried again with the next state", () => {
  const dir = folder();
  const [file, pointer] = [join(dir, "up.json"), join(dir, "pointer.json")];
  const said: string[] = [];
  const tell = openStateFiles({ file, pointer, log: (line) => said.push(line) });
  // What is in the way lets the file be written and not be put in place, as a disk that is full by then.
  mkdirSync(join(file, "in-the-way"), { recursive: true });
  tell(state);
  tell(state);
  expect(said).toEqual([expect.stringMatching(/^commands may see this mesh's .*: E\w+: /)]);
  expect(readdirSync(dir).toSorted()).toEqual(["pointer.json", "up.json"]);
  expect(readState(pointer)).toEqual(state);

  rmSync(file, { recursive: true });
  tell({ ...state, pids: { "lane-a": 7 } });
  expect(readState(file)?.pids).toEqual({ "lane-a": 7 });
  rmSync(file);
  mkdirSync(join(file, "in-the-way"), { recursive: true });
  tell(state);
  expect(said).toHaveLength(2);
});

test("a state that others may write, or that is a link, is none", () => {
  const dir = folder();
  const file = join(dir, "up.json");
  openStateFiles({ file, log: () => undefined })(state);
  expect(readState(file)).toEqual(state);
  symlinkSync(file, join(dir, "link.json"));
  expect(readState(join(dir, "link.json"))).toBeUndefined();
  chmodSync(file, 0o666);
  expect(readState(file)).toBeUndefined();
});

test("an end can be asked for where no word of it can be left", () => {
  const dir = folder();
  expect(askForEnd(dir, "lane-c", 3)).toContain("ENOENT");
  mkdirSync(join(dir, "run"));
  expect(askForEnd(dir, "lane-c", 3)).toBeUndefined();
});
