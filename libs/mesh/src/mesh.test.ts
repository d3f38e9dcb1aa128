import { commandSubject, DURABLES, journalSubject, MESH_ID, STREAMS } from "@baton/contracts";
import { eventually, reportsAbout, startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sha256Of } from "./artifacts.ts";
import type { Delivery } from "./delivery.ts";
import { ensureTopology, findDrift } from "./ensure-topology.ts";
import { follow } from "./follow.ts";
import { type Mesh, openMesh } from "./mesh.ts";
import type { PullWorker } from "./pull-worker.ts";
import { firstEntry, resultOf } from "./sample-entry.test-data.ts";
import { DEFAULT_TOPOLOGY, planTopology } from "./topology.ts";

let nats: TestNats;
let mesh: Mesh;
const topology = { ...DEFAULT_TOPOLOGY, ackWaitMs: 1000 };

beforeAll(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "test", provision: true, topology });
});

afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
});

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

/** Takes from a durable until the test is over. */
function take(
  on: Mesh,
  durable: string,
  options: { capacity: number; handle: (delivery: Delivery, release: () => void) => void },
): PullWorker {
  return on.take({
    stream: STREAMS.journal.name,
    durable,
    capacity: options.capacity,
    onTrouble: () => undefined,
    onDelivery: options.handle,
  });
}

describe("the journal's fence", () => {
  test("lets exactly one of many concurrent successors through (J1)", async () => {
    const first = firstEntry("cand-fence-1");
    const stored = await mesh.journal.append(first);
    expect(stored.kind).toBe("stored");
    const prev = stored.kind === "stored" ? stored.sequence : 0;
    const rivals = Array.from({ length: 20 }, (_, index) => ({
      ...first,
      n: 2,
      prev,
      holder: index % 2 === 0 ? ("review" as const) : ("closed" as const),
      awaits: null,
      about: { kind: "passed" as const, stage: first.stage, summary: `rival ${index}` },
    }));
    const outcomes = await Promise.all(rivals.map((entry) => mesh.journal.append(entry)));
    expect(outcomes.filter((outcome) => outcome.kind === "stored")).toHaveLength(1);
    const history = await mesh.journal.history("cand-fence-1");
    expect(history.map(({ entry }) => [entry.n, entry.prev])).toEqual([
      [1, 0],
      [2, prev],
    ]);
  });

  test("refuses a first entry for a candidate that has one", async () => {
    await mesh.journal.append(firstEntry("cand-fence-2"));
    expect(await mesh.journal.append(firstEntry("cand-fence-2"))).toEqual({ kind: "fenced" });
    expect(await mesh.journal.history("cand-fence-2")).toHaveLength(1);
  });

  test("finds the last and the first entry of a candidate and of nobody else", async () => {
    const stored = await mesh.journal.append(firstEntry("cand-fence-3"));
    expect((await mesh.journal.last("cand-fence-3"))?.sequence).toBe(
      stored.kind === "stored" && stored.sequence,
    );
    expect((await mesh.journal.first("cand-fence-3"))?.entry.candidateId).toBe("cand-fence-3");
    expect(await mesh.journal.last("cand-fence")).toBeUndefined();
    const [only] = await mesh.journal.history("cand-fence-3");
    const { candidateId, stage, runId } = firstEntry("cand-fence-3");
    expect(await mesh.journal.entered({ candidateId, stage, runId })).toBe(only?.storedAt);
    expect(await mesh.journal.entered({ candidateId, stage, runId: "run-other" })).toBeUndefined();
  });
});

describe("reports", () => {
  test("keep the first result of a stage run for ever, also beyond the deduplication window", async () => {
    const entry = firstEntry("cand-report-1");
    const first = resultOf(entry, 1);
    const second = { ...first, outcome: { ...first.outcome, summary: "another" } };
    expect(await mesh.reports.store(first)).toBe("stored");
    expect(await mesh.reports.store(second as typeof first)).toBe("exists");
    const kept = await mesh.reports.result({ ...entry, lane: "lane-a" });
    expect(kept?.outcome).toMatchObject({ summary: "done" });
    expect(await reportsAbout(mesh, "cand-report-1")).toHaveLength(1);
  });

  test("can't be deleted singly", async () => {
    await expect(mesh.jsm.streams.deleteMessage(STREAMS.reports.name, 1)).rejects.toThrow(/delete/);
  });

  test("no stream denies for ever what an archive needs; keys do", async () => {
    const infos = await Promise.all(
      mesh.topology.streams.map(({ name }) => mesh.jsm.streams.info(name)),
    );
    expect(infos.filter(({ config }) => config.deny_purge)).toEqual([]);
  });
});

describe("artifacts", () => {
  test("are found by the digest of their bytes and stored once", async () => {
    const bytes = new TextEncoder().encode("evidence");
    expect(await mesh.artifacts.put(bytes)).toBe(sha256Of(bytes));
    expect(await mesh.artifacts.put(bytes)).toBe(sha256Of(bytes));
    expect(textOf(await mesh.artifacts.get(sha256Of(bytes)))).toBe(textOf(bytes));
    expect(await mesh.artifacts.get("0".repeat(64))).toBeUndefined();
  });

  test("of several chunks are read whole, and reading leaves no consumer behind", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const large = Buffer.concat(Array.from({ length: 7 }, () => bytes));
    const sha256 = await mesh.artifacts.put(large);
    for (let read = 0; read < 20; read += 1) {
      expect(sha256Of((await mesh.artifacts.get(sha256)) ?? bytes)).toBe(sha256);
    }
    const { state } = await mesh.jsm.streams.info("OBJ_ARTIFACTS");
    expect(state.consumer_count).toBe(0);
  });

  test("survive being put by many at once", async () => {
    const bytes = new TextEncoder().encode("put by many");
    await Promise.all(Array.from({ length: 8 }, () => mesh.artifacts.put(bytes)));
    expect(textOf(await mesh.artifacts.get(sha256Of(bytes)))).toBe(textOf(bytes));
  });
});

describe("a mesh's name", () => {
  let other: TestNats;
  beforeAll(async () => void (other = await startTestNats()));
  afterAll(() => other.stop());
  const nameOf = async (provision: boolean): Promise<string | undefined> => {
    await using opened = await openMesh({ url: other.url, name: "test", provision });
    return opened.name;
  };

  test("is made once, is the same for all who make or open it, and is carried by every stream", async () => {
    expect(await nameOf(false)).toBeUndefined();
    const [name, ...others] = await Promise.all([nameOf(true), nameOf(true), nameOf(true)]);
    expect(name).toMatch(/^mesh-[0-9a-f]{32}$/);
    expect([...others, await nameOf(true), await nameOf(false)]).toEqual([name, name, name, name]);
    await using reader = await openMesh({ url: other.url, name: "test" });
    for (const stream of planTopology(DEFAULT_TOPOLOGY).streams) {
      const { config } = await reader.jsm.streams.info(stream.name);
      expect([stream.name, config.metadata?.["baton-mesh"]]).toEqual([stream.name, name]);
    }
  });

  test("is kept by what is made again, and a stream of another mesh is a drift", async () => {
    await using first = await openMesh({ url: other.url, name: "test", provision: true });
    // One that holds no history: those that do aren't made again.
    await first.jsm.streams.delete(STREAMS.advisories.name);
    expect(await nameOf(true)).toBe(first.name);
    const again = await first.jsm.streams.info(STREAMS.advisories.name);
    expect(again.config.metadata?.["baton-mesh"]).toBe(first.name);
    const { config } = await first.jsm.streams.info(STREAMS.reports.name);
    const metadata = { ...config.metadata, "baton-mesh": `mesh-${"0".repeat(32)}` };
    await first.jsm.streams.update(STREAMS.reports.name, { metadata });
    await expect(ensureTopology(first.jsm, first.topology)).rejects.toThrow(
      'stream REPORTS metadata.baton-mesh: is "mesh-00000',
    );
    expect(await findDrift(first.jsm, first.topology)).toMatchObject([
      { what: "stream REPORTS", field: "metadata.baton-mesh", wants: first.name },
    ]);
  });
});

describe("topology", () => {
  test("is created idempotently", async () => {
    await ensureTopology(mesh.jsm, planTopology(topology));
    expect(await findDrift(mesh.jsm, planTopology(topology))).toEqual([]);
  });

  test("names every option that differs, and changes nothing", async () => {
    const other = planTopology({ ...topology, ackWaitMs: 7000, maxDeliver: 3 });
    await expect(ensureTopology(mesh.jsm, other)).rejects.toThrow(
      /consumer lane-a of JOURNAL ack_wait: is 1000000000, should be 7000000000/,
    );
    expect(await findDrift(mesh.jsm, planTopology(topology))).toEqual([]);
  });
});

const handOver = async (candidateId: string): Promise<void> => {
  const appended = await mesh.journal.append({ ...firstEntry(candidateId), holder: "lane-e" });
  expect(appended.kind).toBe("stored");
};

test("the durable of the mesh's commands begins, in a mesh of an earlier release, behind what is settled", async () => {
  const { name } = STREAMS.commands;
  const all = (n: number) =>
    mesh.jsm.consumers.info(name, DURABLES.commands).then((info) => info.ack_floor.stream_seq >= n);
  const subject = (n: number) =>
    commandSubject({ candidateId: MESH_ID, commandId: `cmd-old-${n}` });
  await mesh.jsm.consumers.delete(name, DURABLES.controls);
  for (const n of [1, 2, 3]) await mesh.nc.request(subject(n), "{}");
  const held: Delivery[] = [];
  const worker = mesh.take({
    stream: name,
    durable: DURABLES.commands,
    capacity: 8,
    onTrouble: () => undefined,
    onDelivery: (delivery, release) => {
      if (delivery.subject === subject(3)) held.push(delivery);
      else delivery.ack();
      release();
    },
  });
  await eventually(() => all(2), { what: "two are settled" });
  await worker.stop(0);
  expect(held).not.toEqual([]);
  await ensureTopology(mesh.jsm, planTopology(topology));
  const info = await mesh.jsm.consumers.info(name, DURABLES.controls);
  expect(info.num_pending).toBe(1);
  expect(await findDrift(mesh.jsm, planTopology(topology))).toEqual([]);
});

test("a pull worker holds no more than its capacity while another takes the rest", async () => {
  const held: (() => void)[] = [];
  const slow = take(mesh, "lane-e", {
    capacity: 1,
    handle: (delivery, release) => held.push(() => (delivery.ack(), release())),
  });
  await handOver("cand-pull-1");
  await eventually(() => held.length === 1, { what: "first dispatch" });
  await handOver("cand-pull-2");
  const taken: number[] = [];
  const quick = take(mesh, "lane-e", {
    capacity: 1,
    handle: (delivery, release) => {
      taken.push(delivery.sequence);
      delivery.ack();
      release();
    },
  });
  await eventually(() => taken.length === 1, { what: "second dispatch at the other worker" });
  expect(slow.held()).toBe(1);
  held[0]?.();
  await Promise.all([slow.stop(1000), quick.stop(1000)]);
});

test("a pull worker gets a message again that nobody acknowledged, with its delivery count", async () => {
  const counts: number[] = [];
  const worker = take(mesh, "lane-e", {
    capacity: 4,
    handle: (delivery, release) => {
      counts.push(delivery.deliveries);
      if (delivery.deliveries === 2) delivery.ack();
      release();
    },
  });
  await handOver("cand-pull-3");
  await eventually(() => counts.length === 2, { what: "redelivery after the ack wait" });
  expect(counts).toEqual([1, 2]);
  await worker.stop(1000);
});

test("a pull worker goes on after its consumer was deleted, from what it had not finished", async () => {
  const taken: string[] = [];
  const worker = take(mesh, "lane-e", {
    capacity: 4,
    handle: (delivery, release) => {
      taken.push(delivery.subject.split(".")[3] ?? "");
      delivery.ack();
      release();
    },
  });
  await handOver("cand-pull-4");
  await eventually(() => taken.includes("cand-pull-4"), { what: "dispatch before" });
  await mesh.jsm.consumers.delete(STREAMS.journal.name, "lane-e");
  await handOver("cand-pull-5");
  await eventually(() => taken.includes("cand-pull-5"), {
    what: "dispatch after",
    withinMs: 15_000,
  });
  expect(taken.filter((one) => one === "cand-pull-4")).toHaveLength(1);
  await worker.stop(1000);
});

test("a pull worker asks for a delayed redelivery by nak and sets aside by term", async () => {
  const seen: [string, number][] = [];
  const worker = take(mesh, "lane-e", {
    capacity: 4,
    handle: (delivery, release) => {
      const candidateId = delivery.subject.split(".")[3] ?? "";
      seen.push([candidateId, delivery.deliveries]);
      if (candidateId === "cand-pull-7") delivery.term("E_MALFORMED on purpose");
      else if (delivery.deliveries === 1) delivery.nak(50);
      else delivery.ack();
      release();
    },
  });
  await handOver("cand-pull-6");
  await handOver("cand-pull-7");
  await eventually(() => seen.length === 3, { what: "three deliveries" });
  expect(seen).toContainEqual(["cand-pull-6", 2]);
  await worker.stop(1000);
});

test("a follower reads what is there, says so, and goes on live", async () => {
  const seen: string[] = [];
  const stop = new AbortController();
  let caughtUp = 0;
  const done = follow(mesh, {
    stream: "journal",
    filter: "baton.journal.*.cand-follow-1.>",
    signal: stop.signal,
    onMessage: (message) => seen.push(message.subject),
    onCaughtUp: () => (caughtUp += 1),
  });
  const entry = firstEntry("cand-follow-1");
  await eventually(() => caughtUp === 1, { what: "caught up" });
  await mesh.journal.append(entry);
  await eventually(() => seen.length === 1, { what: "live entry" });
  expect(seen).toEqual([journalSubject(entry)]);
  stop.abort();
  await done;
});
