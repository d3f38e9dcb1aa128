/** Each of these is what somebody's program may try. All of it runs for real. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { node, shell, skipWithout, survivors } from "./testing/hostile.ts";

const SECRET = "SU-a-seed-that-nobody-may-read";
const folder = mkdtempSync(join(tmpdir(), "baton-hostile-"));
const secretFile = join(folder, "lane.seed");
beforeAll(() => {
  writeFileSync(secretFile, SECRET);
  process.env["BATON_NATS_SEED"] = SECRET;
});
beforeEach(skipWithout);
afterAll(() => {
  delete process.env["BATON_NATS_SEED"];
  rmSync(folder, { recursive: true, force: true });
});

const mark = (): string => `baton-mark-${randomUUID()}`;

test("there is no seed to be read: not in an environment, not in a file, not in /proc of anybody", async () => {
  const { stdout, stderr } = await shell(`
    env
    cat ${secretFile} ${homedir()}/.ssh/* /etc/shadow
    for pid in 1 ${process.pid} ${process.ppid}; do cat /proc/$pid/environ /proc/$pid/cwd/package.json; done
    ls /proc/${process.pid}/root/ ${folder} ${homedir()} ${import.meta.dirname}
    cat /proc/self/mountinfo /proc/[0-9]*/environ
  `);
  expect(stdout).not.toContain(SECRET);
  expect(stdout).not.toContain("lane.seed");
  expect(stdout).not.toContain("package.json");
  expect(stdout.split("\n").filter((line) => line.includes("="))).toEqual(
    expect.arrayContaining(["HOME=/tmp", "TMPDIR=/tmp"]),
  );
  expect(stderr).toMatch(/No such file/);
});

test("what the caller's own starter left open isn't handed on", async () => {
  const stdio = Array.from({ length: 24 }, (): "ignore" | "pipe" | number => "ignore");
  stdio[1] = "pipe";
  stdio[22] = openSync(folder, "r");
  stdio[23] = openSync(secretFile, "r");
  const caller = join(import.meta.dirname, "testing/caller.ts");
  const script = "ls -l /proc/self/fd; cat <&22; ls /proc/self/fd/22";
  const child = spawn(process.execPath, [caller, script], { stdio });
  const said = child.stdout ? await text(child.stdout) : "";
  expect(said).toContain('"kind":"exited"');
  expect(said).toContain("/dev/null");
  expect(said).not.toContain(folder);
  expect(said).not.toContain("lane.seed");
  expect(said).not.toContain(SECRET);
});

test("it has no rights: no capability, none to be had, a number of its own", async () => {
  const { stdout } = await shell("id -u; grep -E '^(Cap|NoNewPrivs)' /proc/self/status");
  expect(stdout).not.toMatch(/^0$/m);
  expect(stdout.match(/^Cap\w+:\s+0+$/gm)).toHaveLength(5);
  expect(stdout).toMatch(/NoNewPrivs:\s+1/);
});

test("nothing can be written but its temporary folder", async () => {
  const places = [
    "/x",
    "/usr/x",
    "/etc/passwd",
    "/dev/x",
    "/tree/x",
    "/proc/sys/kernel/domainname",
  ];
  const script = places
    .map((place) => `(echo x > ${place}) 2>&1 && echo WROTE ${place}`)
    .join("\n");
  const { stdout } = await shell(`${script}\necho x > /tmp/x && echo done`);
  expect(stdout).not.toContain("WROTE");
  expect(stdout).toMatch(/done\n$/);
});

test("nobody can be reached, be it this machine itself", async () => {
  const server = createServer((_, answer) => answer.end("inside"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const ask = `fetch("http://127.0.0.1:${port}/").then((r) => r.text()).then(console.log, (e) => console.log(e.cause.code))`;
  const none = await node(ask);
  const open = await node(ask, { network: "open" });
  server.close();
  expect([none.stdout, open.stdout]).toEqual(["ECONNREFUSED\n", "inside\n"]);
});

test("with network model one socket can be reached, and nothing else", async () => {
  const socket = join(folder, "model.sock");
  const server = createServer((_, answer) => answer.end("the model"));
  server.listen(socket);
  await once(server, "listening");
  chmodSync(socket, 0o777);
  const ask = `require("node:http").get({ socketPath: ${JSON.stringify(socket)} }, (r) => r.pipe(process.stdout));
    require("node:dns").lookup("deb.debian.org", (e) => console.log(e.code))`;
  const { stdout } = await node(ask, { network: { model: socket } });
  server.close();
  expect(stdout).toContain("the model");
  expect(stdout).toMatch(/EAI_AGAIN|ENOTFOUND/);
});

test("a fork bomb stays small, and is gone at the end", async () => {
  const name = mark();
  const bomb = `: ${name}; f() { f | f & }; f; exec sleep 60`;
  const { ending, usage } = await shell(bomb, { limits: { timeMs: 1500, tasks: 40 } });
  expect(ending).toMatchObject({ kind: "limit", limit: "time" });
  expect(usage.peakProcesses).toBeLessThan(60);
  expect(survivors(name)).toEqual([]);
});

test("a child in a session of its own ends with it, twice forked or not, and writes nothing later", async () => {
  const name = mark();
  const later = `sh -c 'sleep 600; echo late > /tree/late; : ${name}'`;
  const tree = mkdtempSync(join(folder, "tree-"));
  const script = `setsid ${later} & (setsid sh -c "${later} &" &); sleep 0.2`;
  const { ending } = await shell(script, { tree });
  expect(ending).toEqual({ kind: "exited", code: 0 });
  expect(survivors(name)).toEqual([]);
});

test.each([
  ["hangs silently", "sleep 600"],
  ["ignores being asked to end", "trap '' TERM INT HUP QUIT; while :; do sleep 600; done"],
  ["computes for ever", "while :; do :; done"],
  ["stops itself", "kill -STOP $$"],
])("one that %s is ended in time", async (_, script) => {
  const name = mark();
  const { ending, usage } = await shell(`: ${name}; ${script}`, { limits: { timeMs: 300 } });
  expect(ending).toEqual({ kind: "limit", limit: "time", most: 300 });
  expect(usage.milliseconds).toBeLessThan(300 + 2000);
  expect(survivors(name)).toEqual([]);
});

test("a gigabyte of output is cut short, and takes no memory of the caller's", async () => {
  const before = process.memoryUsage().rss;
  const limits = { outputBytes: 50_000_000 };
  const { ending, stdout } = await shell("yes", { limits }, { keepBytes: 1000 });
  expect(ending).toEqual({ kind: "limit", limit: "output", most: 50_000_000 });
  expect(stdout).toHaveLength(1000);
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
});

test("a line of 5 MB comes through whole", async () => {
  let heard = 0;
  const onOutput = (piece: Buffer): void => void (heard += piece.byteLength);
  const { ending, stdout } = await shell(
    "head -c 5000000 /dev/zero | tr '\\0' x",
    {},
    { onOutput },
  );
  expect([ending, stdout.length, heard]).toEqual([
    { kind: "exited", code: 0 },
    5_000_000,
    5_000_000,
  ]);
});

test("a gigabyte in a file isn't written: not in one file, not in many", async () => {
  const write = "head -c 1000000000 /dev/zero > /tmp/big";
  const one = await shell(write, { limits: { fileBytes: 1_000_000 } });
  expect(one.ending).toEqual({ kind: "limit", limit: "file", most: 1_000_000 });
  const full = await shell(`${write}; ls -s /tmp`, {
    limits: { fileBytes: 2 ** 31, scratchBytes: 2 ** 22 },
  });
  expect(full.stderr).toContain("No space left");
  const shared = await shell("head -c 1000000000 /dev/zero > /dev/shm/big", {
    limits: { fileBytes: 2 ** 31, scratchBytes: 2 ** 22 },
  });
  expect(shared.stderr).toContain("No space left");
});

test.each([
  ["of one process", "const all = []; for (;;) all.push(Buffer.alloc(2 ** 25, 1));"],
  [
    "of several together",
    `const { spawn } = require("node:child_process");
     for (let n = 0; n < 4; n += 1)
       spawn(process.execPath, ["--eval", "const a = Buffer.alloc(2 ** 27, 1); setInterval(() => a, 1e6)"]);
     setInterval(() => 0, 1e6);`,
  ],
])("4 GB of memory aren't to be had: %s", async (_, script) => {
  const limits = { memoryBytes: 400 * 2 ** 20, tasks: 256 };
  const { ending, usage } = await node(script, { limits });
  expect(ending).toMatchObject({ kind: "limit", limit: "memory" });
  expect(usage.peakMemoryBytes).toBeLessThan(2 ** 31);
});

test("many files can't be open at a time", async () => {
  const script = `const fs = require("node:fs"); let n = 0;
    try { for (;;) { fs.openSync("/dev/null"); n += 1; } } catch (e) { console.log(e.code, n < 128); }`;
  const { stdout } = await node(script, { limits: { openFiles: 128 } });
  expect(stdout).toBe("EMFILE true\n");
});

test("links in its tree lead nowhere, and nothing outside changes its owner", async () => {
  const tree = mkdtempSync(join(folder, "tree-"));
  symlinkSync(secretFile, join(tree, "seed"));
  symlinkSync(folder, join(tree, "up"));
  const { uid, mode } = lstatSync(secretFile);
  const { stdout } = await shell(
    `cat seed up/lane.seed ../lane.seed /tree/../lane.seed; echo bad > seed; ln -s / root; ls root/; ln -s ${folder} again; rm -rf again/*; echo own > own; cat own`,
    { tree },
  );
  expect(stdout).not.toContain(SECRET);
  expect(stdout).toMatch(/own\n$/);
  await shell("true", { tree });
  expect(lstatSync(secretFile)).toMatchObject({ uid, mode });
  const { stdout: still } = await shell("cat own", { tree });
  expect(still).toBe("own\n");
});

test("processes outside can't be seen, signalled or traced", async () => {
  const { stdout, stderr } = await shell(
    `ls -d /proc/[0-9]* | wc -l; kill -9 ${process.pid} ${process.ppid}; kill -9 -1; echo unreached`,
  );
  expect(Number(stdout.split("\n")[0])).toBeLessThan(8);
  expect(stderr).toMatch(/No such process/);
});
