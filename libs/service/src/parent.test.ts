import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { serviceSource, spawnService, spawnSource } from "./spawned-service.test.fixture.ts";
import { temporaryDirectory } from "./temporary-directory.test.fixture.ts";

test.each([
  ["standard input", '["pipe", "inherit", "inherit"]'],
  ["the IPC channel", '["ignore", "inherit", "inherit", "ipc"]'],
])("a parent killed with SIGKILL leaves no orphan that watches %s", async (_, stdio) => {
  const directory = temporaryDirectory();
  const main = join(directory, "main.txt");
  writeFileSync(main, serviceSource('context.log.info("child up");'));
  const parent = spawnSource(`
    import { spawn } from "node:child_process";
    import { readFileSync } from "node:fs";
    const source = readFileSync(${JSON.stringify(main)}, "utf8");
    spawn(process.execPath, ["--input-type=module-typescript", "-e", source], {
      stdio: ${stdio},
      env: { ...process.env, BATON_EXIT_WITH_PARENT: "1" },
    });
    setInterval(() => {}, 1000);`);
  await parent.line("child up");
  parent.child.kill("SIGKILL");
  // The child holds the same output, so this resolves only when it's gone too.
  await parent.ended;
  expect(parent.log.slice(-2)).toMatchObject([
    { msg: "stopping", reason: expect.stringContaining("closed") },
    { msg: "stopped", code: 0 },
  ]);
});

test("a parent can't be watched through /dev/null, which is refused", async () => {
  const { code, stderr } = await spawnService("", { env: { BATON_EXIT_WITH_PARENT: "1" } }).ended;
  expect(code).toBe(3);
  expect(stderr).toContain("BATON_EXIT_WITH_PARENT");
});
