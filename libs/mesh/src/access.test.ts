/** Who may do what, on a real server with the generated configuration: what is a kind's own works, everything else doesn't. */
import { setImmediate } from "node:timers/promises";

import { STREAMS } from "@baton/contracts";
import { eventually, startTestNats, type TestNats } from "@baton/testkit";
import { createInbox, headers } from "nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { accessOf, API_PREFIX, type Kind, KINDS, SERVER_ASK } from "./access.ts";
import { watchConnection } from "./connection-watch.ts";
import type { Mesh } from "./mesh.ts";
import { openAs } from "./open-as.test-data.ts";
import { firstEntry } from "./sample-entry.test-data.ts";
import { DEFAULT_TOPOLOGY, planTopology } from "./topology.ts";

let nats: TestNats;
let core: Mesh;

beforeAll(async () => {
  nats = await startTestNats({ signIn: true, syncAlways: true });
  core = await openAs(nats, "coordinator");
});

afterAll(async () => {
  await core[Symbol.asyncDispose]();
  await nats.stop();
});

/** Everything that is stored, as last sequences: whatever was refused has changed none of them. */
async function lastSequences(): Promise<Record<string, number>> {
  // The coordinator's own pulse moves all the time.
  const names = core.topology.streams
    .map(({ name }) => name)
    .filter((name) => name !== STREAMS.pulse.name);
  const found = await Promise.all(
    names.map(async (name) => [name, (await core.jsm.streams.info(name)).state.last_seq] as const),
  );
  return Object.fromEntries(found);
}

/** How many deliveries of each durable there have been, and how many wait. */
async function delivered(): Promise<unknown[]> {
  const { consumers } = core.topology;
  return Promise.all(
    consumers.map(async ({ stream, config }) => {
      const info = await core.jsm.consumers.info(stream, config.durable_name);
      return [config.durable_name, info.delivered, info.num_pending, info.num_ack_pending];
    }),
  );
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
  "fake a pulse": ["baton.pulse.mesh"],
  "send a command": ["baton.command.cand-1.cmd-1"],
  "write a review": ["$KV.REVIEWS.cand-1"],
  "store an artifact for lane-b": ["$O.ARTIFACTS.C.lane-b.abc", "$O.ARTIFACTS.M.lane-b.abc"],
  "store an artifact for the coordinator": [
    "$O.ARTIFACTS.C.coordinator.abc",
    "$O.ARTIFACTS.M.coordinator.abc",
  ],
  "store an artifact for nobody": ["$O.ARTIFACTS.C.abc", "$O.ARTIFACTS.M.abc", "$O.ARTIFACTS.C"],
  "read the journal": [`${API}.DIRECT.GET.JOURNAL`],
  "read the commands": [`${API}.DIRECT.GET.COMMANDS`],
  "read a command": [`${API}.STREAM.MSG.GET.COMMANDS`],
  "read the controls": [`${API}.STREAM.MSG.GET.CONTROLS`],
  "read the last entry": [`${API}.STREAM.MSG.GET.JOURNAL`],
  "make or change a stream": [
    "$JS.API.STREAM.CREATE.X",
    `${API}.STREAM.CREATE.X`,
    `${API}.STREAM.UPDATE.JOURNAL`,
  ],
  "delete or purge a stream": planTopology(DEFAULT_TOPOLOGY).streams.flatMap(({ name }) =>
    [API, "$JS.API"].flatMap((api) => [
      `${api}.STREAM.DELETE.${name}`,
      `${api}.STREAM.PURGE.${name}`,
      `${api}.STREAM.MSG.DELETE.${name}`,
    ]),
  ),
  "ask what lane-e stored": [`${API}.DIRECT.GET.OBJ_ARTIFACTS.$O.ARTIFACTS.M.lane-e.abc`],
  "ask what another stored": [`${API}.DIRECT.GET.OBJ_ARTIFACTS.$O.ARTIFACTS.M.lane-b.abc`],
  "read everybody's artifacts": [`${API}.DIRECT.GET.OBJ_ARTIFACTS`],
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
  "ask how many connections there are": Object.values(SERVER_ASK),
  "ask the server's own account": ["$SYS.REQ.SERVER.PING"],
};

/** What of it is a kind's own. */
const OWN: Readonly<Record<Exclude<Kind, "coordinator">, readonly string[]>> = {
  "lane-a": ["read the last entry", "read the journal", "read everybody's artifacts"],
  "lane-b": [
    "take lane-b's work",
    "acknowledge lane-b's work",
    "look at lane-b's durable",
    "report for lane-b",
    "store an artifact for lane-b",
    "read the last entry",
    "read the journal",
    "read everybody's artifacts",
  ],
  "lane-c": ["read the last entry", "read the journal", "read everybody's artifacts"],
  "lane-d": ["read the last entry", "read the journal", "read everybody's artifacts"],
  "lane-e": [
    "read a command",
    "read the controls",
    "read the last entry",
    "read the journal",
    "read everybody's artifacts",
  ],
  "lane-f": [
    "read a command",
    "read the controls",
    "read the last entry",
    "read the journal",
    "read everybody's artifacts",
  ],
  escalation: ["write a review", "read the journal", "read the controls", "read the last entry"],
  metrics: [
    "look at lane-b's durable",
    "read the journal",
    "read the last entry",
    "read everybody's artifacts",
  ],
  "paper-engine": ["read the controls", "read the last entry", "ask what lane-e stored"],
  cli: [
    "look at lane-b's durable",
    "send a command",
    "read the journal",
    "read the commands",
    "read a command",
    "read the controls",
    "read the last entry",
    "ask about the account",
    "ask how many connections there are",
    "ask what lane-e stored",
    "ask what another stored",
    "read everybody's artifacts",
  ],
};

type Verdict = "refused" | "let through" | "nobody there";

/** What became of a publish: refused with its subject, or answered (there's no answer to an acknowledgement). */
async function attempt({ nc }: Mesh, subject: string, content?: string): Promise<Verdict> {
  const watch = watchConnection(nc);
  const before = watch.denials;
  const body = content ?? (subject.includes("MSG.NEXT") ? '{"batch":1,"no_wait":true}' : "");
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

const OTHERS = KINDS.filter((kind) => kind !== "coordinator");

test.each(OTHERS)("%s can't pull or settle another's deliveries, in any form", async (kind) => {
  await using mesh = await openAs(nats, kind);
  const before = await delivered();
  const own = `JOURNAL.${kind}`;
  for (const { stream, config } of core.topology.consumers) {
    const { durable_name: durable } = config;
    if (durable === kind) continue;
    for (const subject of [
      `$JS.ACK.${stream}.${durable}.1.1.1.1.0`,
      `$JS.ACK.${stream}.${durable}.${own}.5.6.7`,
      `$JS.ACK._.hash.${stream}.${durable}.1.1.1.1.0`,
      `$JS.ACK._.hash.${stream}.${durable}.${own}.1.1.1`,
      `$JS.ACK._.hash.${stream}.${durable}.1.1.1.1.0.random`,
      `$JS.ACK._.hash.${stream}.${durable}.${own}.1.1.1.random`,
    ])
      for (const content of ['+NXT {"batch":9}', "+ACK", "-NAK", "+TERM", "+WPI"])
        expect([subject, await attempt(mesh, subject, content)]).toEqual([subject, "refused"]);
  }
  expect(await delivered()).toEqual(before);
});

describe.each(OTHERS)("%s", (kind) => {
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await openAs(nats, kind);
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
    const { requests, serverAsks } = accessOf(kind);
    for (const { as } of [...requests, ...serverAsks]) {
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
