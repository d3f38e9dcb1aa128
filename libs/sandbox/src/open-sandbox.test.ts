import { accessSync } from "node:fs";

import { expect, test } from "vitest";

import { openSandbox } from "./open-sandbox.ts";

test("without bubblewrap nothing runs, and it is said what to install", async () => {
  const without = await openSandbox({ setting: "required", env: { BATON_BUBBLEWRAP: "/nowhere" } });
  expect(without.trouble()).toMatchObject({
    class: "transient",
    code: "E_SANDBOX_UNAVAILABLE",
    action: expect.stringContaining(
      process.platform === "linux" ? "apt-get install bubblewrap" : "BATON_SANDBOX=off",
    ),
  });
  const { ending } = await without.run(
    { command: ["/bin/true"] },
    { signal: new AbortController().signal },
  );
  expect(ending).toEqual({ kind: "refused", failure: without.trouble() });
});

test("one that can't do its work is no sandbox", async () => {
  const env = { BATON_BUBBLEWRAP: "/bin/false" };
  const { trouble: why } = await openSandbox({ setting: "required", env });
  expect(why()).toMatchObject({ code: "E_SANDBOX_UNAVAILABLE" });
});

test("switched off it runs the same plan with bounds of time, output and memory", async () => {
  const off = await openSandbox({ setting: "off" });
  expect([off.setting, off.trouble()]).toEqual(["off", undefined]);
  const { signal } = new AbortController();
  const run = (script: string, timeMs = 20_000) =>
    off.run(
      {
        command: ["/bin/sh", "-c", script],
        files: { "a.txt": "file\n" },
        limits: { timeMs, outputBytes: 1000 },
      },
      { signal },
    );
  const plain = await run("cat a.txt; exit 3");
  expect(plain).toMatchObject({ ending: { kind: "exited", code: 3 }, stdout: "file\n" });
  expect((await run("sleep 600", 200)).ending).toMatchObject({ kind: "limit", limit: "time" });
  expect((await run("yes")).ending).toMatchObject({ kind: "limit", limit: "output" });
  const { tree } = plain;
  expect(() => accessSync(tree)).toThrow("ENOENT");
});
