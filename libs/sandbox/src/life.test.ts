/** A run ends with its caller, whenever and however that one ends, and with its signal. */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

import { beforeEach, expect, test, vi } from "vitest";

import { node, sandbox, shell, skipWithout, survivors } from "./testing/hostile.ts";

const caller = join(import.meta.dirname, "testing/caller.ts");
beforeEach(skipWithout);

const mark = (): string => `baton-mark-${randomUUID()}`;

test("a run is gone within two seconds when its caller is killed, at 20 random moments", async () => {
  const killOnce = async (afterMs: number): Promise<number> => {
    const name = mark();
    const forever = `: ${name}; while :; do sleep 600; done`;
    const script = `setsid sh -c '${forever}' & (setsid sh -c '${forever}' &); ${forever}`;
    const child = spawn(process.execPath, [caller, script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await delay(afterMs);
    child.kill("SIGKILL");
    await once(child, "exit");
    const killedMs = performance.now();
    await vi.waitFor(() => expect(survivors(name)).toEqual([]), { timeout: 10_000, interval: 5 });
    return performance.now() - killedMs;
  };
  const took: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const moments = Array.from({ length: 4 }, () => Math.random() * 120);
    took.push(...(await Promise.all(moments.map(killOnce))));
  }
  expect(Math.max(...took)).toBeLessThan(2000);
});

test("a run ends with its signal, before it starts and while it runs", async () => {
  const name = mark();
  const stop = new AbortController();
  const onOutput = (): void => stop.abort();
  const { ending } = await shell(
    `setsid sh -c ': ${name}; sleep 600' & echo here; sleep 600`,
    {},
    { signal: stop.signal, onOutput },
  );
  expect(ending).toEqual({ kind: "aborted" });
  expect(survivors(name)).toEqual([]);
  const before = await shell("echo ran", {}, { signal: AbortSignal.abort() });
  expect(before).toMatchObject({ ending: { kind: "aborted" }, stdout: "" });
});

test("a run tells how it ended: its code, a signal, that its program isn't there", async () => {
  expect((await shell("exit 3")).ending).toEqual({ kind: "exited", code: 3 });
  expect((await shell("kill -SEGV $$")).ending).toEqual({ kind: "killed", signal: "SIGSEGV" });
  const missing = await sandbox.run(
    { command: ["/nowhere/agent"] },
    { signal: new AbortController().signal },
  );
  expect(missing.ending).toMatchObject({ kind: "exited", code: 127 });
  expect(missing.stderr).toContain("/nowhere/agent");
});

test("a run has its input, its files, its folders, its home, and no more than it is given", async () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-plan-"));
  writeFileSync(join(folder, "given"), "given\n");
  chmodSync(folder, 0o755);
  const home = mkdtempSync(join(folder, "home-"));
  const { stdout } = await shell(
    "cat; cat a/b.txt lib/given $EXTRA; pwd; echo $HOME; echo x > ~/x",
    {
      input: "input\n",
      files: { "a/b.txt": "file\n" },
      folders: { lib: folder },
      reads: [join(folder, "given")],
      environment: { EXTRA: join(folder, "given") },
      home,
    },
  );
  expect(stdout).toBe(`input\nfile\ngiven\ngiven\n/tree\n${home}\n`);
  expect(accessSync(join(home, "x"), constants.R_OK)).toBeUndefined();
  rmSync(folder, { recursive: true });
});

test("a run starts in a few hundredths of a second", async () => {
  const took: number[] = [];
  for (let n = 0; n < 5; n += 1) took.push((await shell("true")).usage.milliseconds);
  expect(Math.min(...took)).toBeLessThan(300);
  expect((await node("1")).ending).toEqual({ kind: "exited", code: 0 });
});
const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot || !openToAll(import.meta.dirname))(
  "an ordinary user has one too",
  async () => {
    const script =
      "id -u; grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status; unshare -U true; cat /etc/shadow";
    const who = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    const child = spawn("setpriv", [...who, process.execPath, caller, script], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { HOME: "/tmp", PATH: "/usr/bin:/bin" },
    });
    const said = await text(child.stdout);
    expect(said).toContain("65534");
    expect(said).toMatch(/CapBnd:\\t0+\\n/);
    expect(said).toContain("unshare failed");
  },
);

/** True if other users may look into it. */
function openToAll(folder: string): boolean {
  const { status } = spawnSyncAsNobody(folder);
  return status === 0;
}

function spawnSyncAsNobody(folder: string) {
  return spawnSync(
    "setpriv",
    [
      "--reuid",
      "65534",
      "--regid",
      "65534",
      "--clear-groups",
      "ls",
      folder,
      dirname(process.execPath),
    ],
    { stdio: "ignore" },
  );
}
