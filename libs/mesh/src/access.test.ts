/** Who may do what, on a real server with the generated configuration: what is a kind's own works, everything else doesn't. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import { STREAMS } from "@baton/contracts";
import {
  eventually,
  startTestNats,
  type TemporaryFolder,
  temporaryFolder,
  type TestNats,
  withNats,
} from "@baton/testkit";
import { createInbox, headers } from "nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { accessOf, API_PREFIX, type Kind, KINDS } from "./access.ts";
import { Denied, openConnection } from "./connect.ts";
import { watchConnection } from "./connection-watch.ts";
import { follow } from "./follow.ts";
import { type Mesh, openMesh } from "./mesh.ts";
import { ensureMeshKeys, type MeshKeys } from "./nats-server/index.ts";
import { firstEntry, resultOf } from "./sample-entry.test-data.ts";

let folder: TemporaryFolder;
let keys: MeshKeys;
let nats: TestNats;
let core: Mesh;

beforeAll(async () => {
  folder = temporaryFolder("access");
  keys = ensureMeshKeys(join(folder.path, "keys"));
  nats = await startTestNats({ keys: keys.publicKeys, syncAlways: true });
  core = await openAs("coordinator");
});

afterAll(async () => {
  await core[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
});

function seedOf(kind: Kind): string {
  return readFileSync(keys.seedFileOf(kind), "utf8").trim();
}

function openAs(kind: Kind, url = nats.url): Promise<Mesh> {
  const provision = kind === "coordinator";
  return openMesh({ url, name: kind, seed: seedOf(kind), provision, syncAlways: true });
}

/** Everything that is stored, as last sequences: whatever was refused has changed none of them. */
async function lastSequences(): Promise<Record<string, number>> {
  const names = core.topology.streams.map(({ name }) => name);
  const found = await Promise.all(
    names.map(async (name) => [name, (await core.jsm.streams.info(name)).state.last_seq] as const),
  );
  return Object.fromEntries(found);
}

const API = API_PREFIX;

/** What a kind might try; `subject` as it would name it. */
const ATTEMPTS: Readonly<Record<string, readonly string[]>> = {
  "take lane-b's work": [`$JS.API.CONSUMER.MSG.NEXT.JOURNAL.lane-b`],
  "acknowledge lane-b's work": [
    "$JS.ACK.JOURNAL.lane-b.1.1.1.1.0",
    "$JS.ACK._.hash.JOURNAL.lane-b.1.1.1.1.0",
  ],
  "look at lane-b's durable": [`${API}.CONSUMER.INFO.JOURNAL.lane-b`],
  "report for lane-b": ["baton.report.lane-b.cand-1.st.run-1.result"],
  "write the journal": ["baton.journal.lane-b.cand-1.st.run-1"],
  "send a command": ["baton.command.cand-1.cmd-1"],
  "write a review": ["$KV.REVIEWS.cand-1"],
  "store an artifact": ["$O.ARTIFACTS.C.abc"],
  "read the journal": [`${API}.DIRECT.GET.JOURNAL`],
  "read the commands": [`${API}.DIRECT.GET.COMMANDS`, `${API}.STREAM.MSG.GET.COMMANDS`],
  "read the last entry": [`${API}.STREAM.MSG.GET.JOURNAL`],
  "make or change a stream": [
    "$JS.API.STREAM.CREATE.X",
    `${API}.STREAM.CREATE.X`,
    `${API}.STREAM.UPDATE.JOURNAL`,
  ],
  "delete or purge a stream": [
    `${API}.STREAM.DELETE.REPORTS`,
    `${API}.STREAM.PURGE.JOURNAL`,
    `${API}.STREAM.PURGE.OBJ_ARTIFACTS`,
    `${API}.STREAM.MSG.DELETE.JOURNAL`,
    "$JS.API.STREAM.PURGE.JOURNAL",
  ],
  "make, delete or pause a consumer": [
    `${API}.CONSUMER.CREATE.JOURNAL.mine`,
    `${API}.CONSUMER.CREATE.JOURNAL.mine.baton.journal.lane-a.>`,
    `${API}.CONSUMER.DURABLE.CREATE.JOURNAL.mine`,
    `${API}.CONSUMER.DELETE.JOURNAL.lane-a`,
    `${API}.CONSUMER.PAUSE.JOURNAL.lane-a`,
    `${API}.CONSUMER.UNPIN.JOURNAL.lane-a`,
  ],
  "forge an advisory": ["$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.JOURNAL.lane-a"],
  "ask about the account": [`${API}.INFO`],
  "ask the server's own account": ["$SYS.REQ.SERVER.PING"],
};

/** What of it is a kind's own. */
const OWN: Readonly<Record<Exclude<Kind, "coordinator">, readonly string[]>> = {
  "lane-a": ["store an artifact", "read the last entry"],
  "lane-b": [
    "take lane-b's work",
    "acknowledge lane-b's work",
    "look at lane-b's durable",
    "report for lane-b",
    "store an artifact",
    "read the last entry",
  ],
  "lane-c": ["store an artifact", "read the last entry"],
  "lane-d": ["store an artifact", "read the last entry"],
  "lane-e": ["store an artifact", "read the last entry"],
  "lane-f": ["store an artifact", "read the last entry", "read the journal"],
  escalation: ["write a review", "read the journal", "read the last entry"],
  metrics: ["look at lane-b's durable", "read the journal", "read the last entry"],
  "paper-engine": [],
  cli: [
    "look at lane-b's durable",
    "send a command",
    "store an artifact",
    "read the journal",
    "read the commands",
    "read the last entry",
    "ask about the account",
  ],
};

type Verdict = "refused" | "let through" | "nobody there";

/** What became of a publish: refused with its subject, or answered (there's no answer to an acknowledgement). */
async function attempt({ nc }: Mesh, subject: string): Promise<Verdict> {
  const watch = watchConnection(nc);
  const before = watch.denials;
  const body = subject.includes("MSG.NEXT") ? '{"batch":1,"no_wait":true}' : "";
  const inbox = createInbox();
  const answers: number[] = [];
  const subscription = nc.subscribe(inbox, {
    callback: (_, message) => void answers.push(message.headers?.code ?? 200),
  });
  nc.publish(subject, body, { reply: inbox });
  // The server refuses in order, before it answers the ping.
  await nc.flush();
  await setImmediate();
  const isRefused = watch.denials > before && watch.lastDenial?.subject === subject;
  const hasAnswer = !isRefused && !subject.startsWith("$JS.ACK");
  if (hasAnswer) await eventually(() => answers.length > 0, { what: `an answer on ${subject}` });
  subscription.unsubscribe();
  if (isRefused) return "refused";
  return hasAnswer && answers.includes(503) ? "nobody there" : "let through";
}

describe.each(KINDS.filter((kind) => kind !== "coordinator"))("%s", (kind) => {
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await openAs(kind);
  });
  afterAll(() => mesh[Symbol.asyncDispose]());

  test.each(Object.entries(ATTEMPTS))("may or may not %s", async (what, subjects) => {
    const wanted = OWN[kind].includes(what) ? "let through" : "refused";
    for (const subject of subjects)
      expect([subject, await attempt(mesh, subject)]).toEqual([subject, wanted]);
  });

  test("can't listen to what others say or get", async () => {
    const watch = watchConnection(mesh.nc);
    for (const subject of [">", "baton.>", "baton.command.>", "_INBOX_other.>", "$JS.>", "$KV.>"]) {
      const before = watch.denials;
      mesh.nc.subscribe(subject, { callback: () => undefined });
      await mesh.nc.flush();
      await setImmediate();
      expect([subject, watch.denials]).toEqual([subject, before + 1]);
    }
    // Its inboxes have the usual names, but they are in an account of its own.
    const heard: string[] = [];
    mesh.nc.subscribe("_INBOX.>", { callback: (_, { subject }) => void heard.push(subject) });
    await mesh.nc.flush();
    core.nc.publish("_INBOX.others.secret", "a receipt");
    await core.jsm.streams.info(STREAMS.journal.name);
    await core.nc.flush();
    await mesh.nc.flush();
    expect(heard).toEqual([]);
  });

  test("can't make the server write for it: by reply subjects, rollups, schedules, traces or message ids", async () => {
    const before = await lastSequences();
    const target = "baton.journal.lane-b.cand-forged.st.run-1";
    for (const { as } of accessOf(kind).requests) {
      const subject = as.replace(/>$/, "cand-x.st.run-x.result").replaceAll("*", "any");
      for (const tricks of TRICKS) {
        const h = headers();
        for (const [name, value] of Object.entries(tricks)) h.set(name, value);
        mesh.nc.publish(subject, '{"seq":1,"batch":5,"no_wait":true}', {
          reply: target,
          headers: h,
        });
      }
    }
    await mesh.nc.flush();
    await core.nc.flush();
    const after = await lastSequences();
    expect(after["JOURNAL"]).toBe(before["JOURNAL"]);
    // What it may write it may write here too; nothing was ever taken away.
    for (const { name } of core.topology.streams.filter((one) => !one.name.startsWith("KV_"))) {
      const { state } = await core.jsm.streams.info(name);
      expect([name, state.messages]).toEqual([name, state.last_seq]);
    }
    // The coordinator's own message with that id is still the first.
    const stored = await core.journal.append(firstEntry(`cand-poison-${kind}`));
    expect(stored.kind).toBe("stored");
  });
});

const TRICKS: readonly Readonly<Record<string, string>>[] = [
  {},
  { "Nats-Rollup": "all" },
  { "Nats-Schedule": "@at 2020-01-01T00:00:00Z", "Nats-Schedule-Target": "baton.journal.lane-b.x" },
  { "Nats-Trace-Dest": "baton.journal.lane-b.cand-forged.st.run-1" },
  ...KINDS.map((kind) => ({ "Nats-Msg-Id": `cand-poison-${kind}.research-intake.run-1` })),
];

test.each(["v1", "v2"])(
  "a lane works from its own durable, acknowledging in form %s",
  async (form) => {
    const extraConfig = `feature_flags { js_ack_fc_v2: ${form === "v2"} }`;
    await withNats(
      async ({ url }) => {
        const open = (kind: Kind): Promise<Mesh> => openAs(kind, url);
        await using coordinator = await open("coordinator");
        await using lane = await open("lane-c");
        await coordinator.journal.append({ ...firstEntry("cand-access-1"), holder: "lane-c" });
        const got: string[] = [];
        const worker = lane.laneInbox("lane-c").open({
          capacity: 2,
          onTrouble: (what) => void got.push(what),
          onDispatch: (dispatch, release) => {
            dispatch.working();
            got.push(dispatch.entry.candidateId);
            dispatch.ack();
            release();
          },
        });
        await eventually(() => got.length > 0, { what: "its dispatch" });
        expect(got).toEqual(["cand-access-1"]);
        await worker.stop(1000);
        const pending = async (): Promise<number> =>
          (await coordinator.jsm.consumers.info(STREAMS.journal.name, "lane-c")).num_ack_pending;
        await eventually(async () => (await pending()) === 0, { what: "acknowledged" });
        expect((await lane.journal.last("cand-access-1"))?.entry.holder).toBe("lane-c");
      },
      { keys: keys.publicKeys, extraConfig },
    );
  },
);

test("a lane's reports go out in atomic batches, and its artifacts are read by the coordinator", async () => {
  await using lane = await openAs("lane-a");
  const entries = Array.from({ length: 20 }, (_, index) => firstEntry(`cand-batch-${index}`));
  const stored = await Promise.all(entries.map((entry) => lane.reports.store(resultOf(entry, 1))));
  expect(new Set(stored)).toEqual(new Set(["stored"]));
  expect(await lane.reports.store(resultOf(firstEntry("cand-batch-1"), 1))).toBe("exists");
  expect(
    await lane.reports.result({ ...firstEntry("cand-batch-1"), lane: "lane-a" }),
  ).toBeDefined();
  const bytes = Buffer.alloc(300_000, "evidence");
  const sha256 = await lane.artifacts.put(bytes);
  expect(await core.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
  expect(await lane.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
});

test("nobody replaces an artifact that is stored", async () => {
  await using lane = await openAs("lane-a");
  await using other = await openAs("lane-b");
  const sha256 = await lane.artifacts.put(Buffer.from("the truth"));
  const subject = `$O.ARTIFACTS.M.${Buffer.from(sha256).toString("base64")}`;
  const forged = { name: sha256, nuid: "forged", size: 5 };
  await other.publisher.publish({
    subject: "$O.ARTIFACTS.C.forged",
    payload: "a lie",
    headers: {},
  });
  await other.publisher.publish({ subject, payload: JSON.stringify(forged), headers: {} });
  expect(new TextDecoder().decode(await core.artifacts.get(sha256))).toBe("the truth");
  for (const rollup of ["sub", "all"]) {
    const refused = other.publisher.publish({
      subject,
      payload: "x",
      headers: { "Nats-Rollup": rollup },
    });
    await expect(refused).rejects.toMatchObject({ code: 10_111 });
  }
});

test("people get their receipts, and follow the journal", async () => {
  await using cli = await openAs("cli");
  const stop = new AbortController();
  const seen: string[] = [];
  const following = follow(cli, {
    stream: "journal",
    filter: "baton.journal.*.cand-seen-1.>",
    signal: stop.signal,
    onMessage: ({ subject }) => seen.push(subject),
  });
  const heard: string[] = [];
  cli.nc.subscribe("_INBOX.baton-cli.mine", {
    callback: (_, message) => void heard.push(message.string()),
  });
  await cli.nc.flush();
  core.nc.publish("_INBOX.baton-cli.mine", "a receipt");
  await core.journal.append(firstEntry("cand-seen-1"));
  await eventually(() => heard.length === 1 && seen.length === 1, { what: "receipt and entry" });
  stop.abort();
  await following;
  expect(heard).toEqual(["a receipt"]);
});

test("a durable that somebody deleted is made again by the coordinator, and the lane goes on", async () => {
  await using lane = await openAs("lane-d");
  const got: string[] = [];
  const worker = lane.laneInbox("lane-d").open({
    capacity: 1,
    onTrouble: () => undefined,
    onDispatch: (dispatch, release) => {
      got.push(dispatch.entry.candidateId);
      dispatch.ack();
      release();
    },
  });
  await core.jsm.consumers.delete(STREAMS.journal.name, "lane-d");
  await core.journal.append({ ...firstEntry("cand-again-1"), holder: "lane-d" });
  await eventually(() => got.includes("cand-again-1"), { what: "dispatch", withinMs: 20_000 });
  await worker.stop(1000);
  expect(lane.trouble()).toBeUndefined();
}, 30_000);

test("without a key, or with one that isn't known, nobody gets in", async () => {
  const stranger = ensureMeshKeys(join(folder.path, "strangers"));
  const seed = readFileSync(stranger.seedFileOf("cli"), "utf8").trim();
  for (const given of [undefined, seed]) {
    const options = { url: nats.url, name: "x", seed: given };
    await expect(openConnection({ ...options, waitForServer: false })).rejects.toThrow(Denied);
    await expect(openConnection({ ...options, waitForServer: true })).rejects.toThrow(Denied);
  }
});

test("seeds stay what they are, for their owner only", () => {
  const again = ensureMeshKeys(join(folder.path, "keys"));
  expect(again.publicKeys).toEqual(keys.publicKeys);
  expect(new Set(Object.values(keys.publicKeys).flat()).size).toBe(KINDS.length);
  for (const kind of KINDS) expect(statSync(keys.seedFileOf(kind)).mode & 0o777).toBe(0o600);
});

test("a key that is replaced while the server runs shuts out whoever has the old one, and nobody else", async () => {
  await withNats(
    async (other) => {
      const closed: Error[] = [];
      const lane = await openMesh({
        url: other.url,
        name: "lane-e",
        seed: seedOf("lane-e"),
        onClosed: (why) => void closed.push(why),
      });
      await using cli = await openAs("cli", other.url);
      const fresh = ensureMeshKeys(join(folder.path, "fresh"));
      const [old = ""] = keys.publicKeys["lane-e"];
      const [next = ""] = fresh.publicKeys["lane-e"];
      const config = join(other.storeDir, "run/nats-server.conf");
      writeFileSync(config, readFileSync(config, "utf8").replace(old, next));
      other.server.kill("SIGHUP");
      await eventually(() => closed.length === 1, { what: "the old key's connection is closed" });
      expect(closed[0]).toBeInstanceOf(Denied);
      expect(lane.trouble()).toContain("no connection");
      const seed = readFileSync(fresh.seedFileOf("lane-e"), "utf8").trim();
      await using renewed = await openMesh({ url: other.url, name: "lane-e", seed });
      expect(renewed.trouble()).toBeUndefined();
      expect(cli.trouble()).toBeUndefined();
      await cli.nc.flush();
      await lane[Symbol.asyncDispose]();
    },
    { keys: keys.publicKeys },
  );
});

test("what a process is refused makes it unready, with the subject", async () => {
  const denials: string[] = [];
  await using lane = await openMesh({
    url: nats.url,
    name: "lane-e",
    seed: seedOf("lane-e"),
    onDenial: ({ subject }) => denials.push(subject),
  });
  expect(lane.trouble()).toBeUndefined();
  const subject = "baton.report.lane-a.cand-denied.st.run-1.result";
  const refused = lane.publisher.publish({ subject, payload: "", headers: {} });
  await expect(refused).rejects.toThrow("no acknowledgement");
  expect(denials).toEqual([subject]);
  expect(lane.trouble()).toContain(`refused a publish on ${subject}`);
});
