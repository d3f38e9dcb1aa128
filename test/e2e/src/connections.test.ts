/** Floods of connections on real processes, by whoever has one key or none: people still stop the mesh. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";

import { ACCOUNT_CONNECTIONS, openConnection } from "@baton/mesh";
import { signerOf } from "@baton/people";
import {
  eventually,
  startTestNats,
  type TemporaryFolder,
  temporaryFolder,
  type TestNats,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { type LoopWorld, openLoopWorld } from "./loop-world.ts";
import { runBaton } from "./run-baton.ts";

/** On a machine that others use too. */
vi.setConfig({ testTimeout: 120_000 });

const BATON = join(import.meta.dirname, "../../../apps/cli/bin/baton.cjs");

let nats: TestNats;
let loop: LoopWorld;
let folder: TemporaryFolder;

/** Runs `baton` as ada; answers with what it printed. */
function baton(...args: string[]): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    HOME: folder.path,
    BATON_NATS_URL: nats.url,
    BATON_NATS_SEED_FILE: nats.seedFileOf("cli"),
    BATON_KEY_FILE: join(folder.path, "ada.key"),
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [BATON, ...args], { env }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr, { cause: error }));
      else resolve(stdout);
    });
  });
}

beforeAll(async () => {
  folder = temporaryFolder("connections");
  nats = await startTestNats({ signIn: true });
  const login: { publicKey: string } = JSON.parse(await baton("login", "--as", "ada", "--json"));
  const registry = join(folder.path, "people.yaml");
  writeFileSync(registry, JSON.stringify([{ name: "ada", publicKey: login.publicKey, roles: [] }]));
  loop = await openLoopWorld(nats, { BATON_PEOPLE: registry });
  const { publicKey } = signerOf(nats.seedOf("coordinator"));
  await baton("trust", loop.mesh.name ?? "", publicKey);
}, 60_000);

afterAll(async () => {
  await loop[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
}, 30_000);

/** What whoever floods mustn't prevent: a coordinator that comes back, and a person's kill switch; the answer is what it says. */
async function stopTheMesh(why: string): Promise<string> {
  await loop.coordinator().sigkill();
  await loop.startCoordinator().ready();
  return baton("kill-switch", "engage", "--why", why);
}

test("who has a lane's key and opens connections without end keeps nobody from the kill switch", async () => {
  const thief = steal(nats.seedOf("lane-a"));
  onTestFinished(() => thief.stop());
  // The lane itself has a connection too.
  const isFull = () => thief.entered() >= ACCOUNT_CONNECTIONS - 1 && thief.refused() > 100;
  await eventually(isFull, { what: "an account that is full", withinMs: 60_000 });
  expect(await stopTheMesh("a thief has lane A's key")).toMatch(ENGAGED);
  const examined = await runBaton(nats, ["doctor"]);
  expect(examined.stdout).toMatch(/^fault +connections +the key of lane-a has 256,/m);
});

test("who has the same key as a thief is told why there is no room, and where to look", async () => {
  const thief = steal(nats.seedOf("cli"));
  onTestFinished(() => thief.stop());
  const isFull = () => thief.entered() >= ACCOUNT_CONNECTIONS - 1 && thief.refused() > 100;
  await eventually(isFull, { what: "an account that is full", withinMs: 60_000 });
  const { code, stderr } = await runBaton(nats, ["get", "candidates"]);
  expect([code, stderr]).toEqual([8, expect.stringContaining("our key has the 256 connections")]);
  expect(stderr).toContain("`connections exceeded` in nats-server's log");
});

const ENGAGED = /kill switch.* engaged/i;

/** Opens connections with a key, 20 at a time, and keeps those that are let in. */
function steal(seed: string) {
  const open: Awaited<ReturnType<typeof openConnection>>[] = [];
  const over = new AbortController();
  let refused = 0;
  const options = { url: nats.url, name: "thief", seed, waitForServer: false, once: true };
  const again = async (): Promise<void> => {
    while (!over.signal.aborted)
      await openConnection(options).then(
        (connection) => void open.push(connection),
        () => void (refused += 1),
      );
  };
  const attempts = Array.from({ length: 20 }, again);
  return {
    entered: () => open.length,
    refused: () => refused,
    async stop() {
      over.abort();
      await Promise.all(attempts);
      await Promise.all(open.map((connection) => connection.close()));
    },
  };
}

test("who has no key and keeps 1,200 silent sockets open keeps nobody from the kill switch", async () => {
  await flood(1200);
  expect(await stopTheMesh("somebody floods the port")).toMatch(ENGAGED);
});

/** Keeps so many sockets open that never sign in; each that the server closes is opened again at once. */
async function flood(count: number): Promise<void> {
  const sockets = new Set<Socket>();
  let isOver = false;
  let opened = 0;
  const open = (): void => {
    if (isOver) return;
    const socket = connect(nats.server.port, "127.0.0.1");
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("connect", () => (opened += 1));
    socket.once("close", () => {
      sockets.delete(socket);
      setImmediate(open);
    });
    socket.resume();
  };
  onTestFinished(() => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  });
  for (let n = 0; n < count; n += 1) open();
  // The first were cut off and have come again.
  await eventually(() => opened > count, { what: "a flood", withinMs: 20_000 });
}
