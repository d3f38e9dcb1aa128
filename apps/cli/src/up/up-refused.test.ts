/** What `baton up` refuses before or while it starts. */
import { once } from "node:events";
import {
  chmodSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import { folder, up } from "./testing/up-process.ts";

test("a port that somebody else has is told with the way out", { timeout: 30_000 }, async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const bound = taken.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const refused = up("--port", String(port));
  expect(await once(refused.child, "exit")).toEqual([6, null]);
  taken.close();
  expect(refused.errors()).toContain("`--port 0` takes any free port");
});

test(
  "a service's wrong configuration ends it like other wrong input",
  { timeout: 60_000 },
  async () => {
    const policy = join(folder(), "escalation.yaml");
    writeFileSync(policy, "channels: none\n");
    vi.stubEnv("BATON_ESCALATION", policy);
    onTestFinished(() => void vi.unstubAllEnvs());
    const refused = up();
    expect(await once(refused.child, "exit")).toEqual([3, null]);
    expect(refused.errors()).toContain("E_INVALID");
    expect(refused.errors()).toContain("escalation ended with code 3");
    expect(refused.errors()).toContain("channels");
  },
);

test("options that contradict each other and ports that are none are told at once", async () => {
  const wrong = up("--ephemeral");
  expect(await once(wrong.child, "exit")).toEqual([2, null]);
  expect(wrong.errors()).toContain("--ephemeral and --data contradict each other");
  const port = up("--http-port", "99999");
  expect(await once(port.child, "exit")).toEqual([3, null]);
  expect(port.errors()).toContain("--http-port isn't a port");
});

test.each(["lane-z", "coordinator"])("only a lane may be left out, not %s", async (name) => {
  const refused = up("--without", "lane-a", name);
  expect(await once(refused.child, "exit")).toEqual([3, null]);
  expect(refused.errors()).toContain("--without isn't a lane");
});

test("a port that two would listen on is told before either does", async () => {
  const twice = up("--monitor-port", "45222", "--port", "45222");
  expect(await once(twice.child, "exit")).toEqual([2, null]);
  expect(twice.errors()).toContain("--port and --monitor-port are both 45222");
  const within = up("--port", "45222", "--http-port", "45220");
  expect(await once(within.child, "exit")).toEqual([2, null]);
  expect(within.errors()).toContain("--port 45222 is one of the services' ports");
});

test.skipIf(process.getuid?.() !== 0)(
  "a folder that somebody else prepared isn't taken, and nothing is written through it",
  async () => {
    const precious = join(folder(), "precious");
    writeFileSync(precious, "kept");
    const data = join(folder(), "data");
    const prepared = [join(data, "run/writable"), join(data, "logs/nats-server.log")];
    for (const path of prepared) {
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(precious, path);
      lchownSync(path, 4711, 4711);
    }
    const refused = up("--data", data);
    expect(await once(refused.child, "exit")).toEqual([3, null]);
    expect(refused.errors()).toContain("belongs to user 4711");

    // Nor is one that anybody could prepare right now.
    for (const path of prepared) rmSync(path);
    chmodSync(data, 0o777);
    const open = up("--data", data);
    expect(await once(open.child, "exit")).toEqual([3, null]);
    expect(open.errors()).toContain("has mode 0777");
    expect(readdirSync(data).toSorted()).toEqual(["logs", "run"]);
    expect(readFileSync(precious, "utf8")).toBe("kept");
  },
);

test("a machine without a sandbox is told what to install, or how to do without", async () => {
  vi.stubEnv("BATON_SANDBOX", "required");
  vi.stubEnv("BATON_BUBBLEWRAP", "/nowhere");
  onTestFinished(() => void vi.unstubAllEnvs());
  const refused = up();
  expect(await once(refused.child, "exit")).toEqual([8, null]);
  expect(refused.errors()).toContain("there is no sandbox");
  expect(refused.errors()).toContain("add `--sandbox off`");
});
