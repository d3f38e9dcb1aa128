/** What each kind of process needs works when it signs in, through the code that it uses. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { STREAMS } from "@baton/contracts";
import { ensureMeshKeys } from "@baton/nats-server";
import {
  eventually,
  startTestNats,
  temporaryFolder,
  type TemporaryFolder,
  type TestNats,
  withNats,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { KINDS } from "./access.ts";
import { Denied, openConnection } from "./connect.ts";
import { follow } from "./follow.ts";
import type { Mesh } from "./mesh.ts";
import { openAs } from "./open-as.test-data.ts";
import { firstEntry, resultOf } from "./sample-entry.test-data.ts";

let folder: TemporaryFolder;
let nats: TestNats;
let core: Mesh;

beforeAll(async () => {
  folder = temporaryFolder("signed-in");
  nats = await startTestNats({ signIn: true, syncAlways: true });
  core = await openAs(nats, "coordinator");
});

afterAll(async () => {
  await core[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
});

test.each(["v1", "v2"])(
  "a lane works from its own durable, acknowledging in form %s",
  async (form) => {
    const extraConfig = `feature_flags { js_ack_fc_v2: ${form === "v2"} }`;
    await withNats(
      async (own) => {
        await using coordinator = await openAs(own, "coordinator");
        await using lane = await openAs(own, "lane-c");
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
      { signIn: true, extraConfig },
    );
  },
);

test("a lane's reports go out in atomic batches, and its artifacts are read by the coordinator", async () => {
  await using lane = await openAs(nats, "lane-a");
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

test("people get their receipts, and follow the journal", async () => {
  await using cli = await openAs(nats, "cli");
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
  await using lane = await openAs(nats, "lane-d");
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
  const keys = ensureMeshKeys(join(folder.path, "keys"));
  expect(ensureMeshKeys(join(folder.path, "keys")).publicKeys).toEqual(keys.publicKeys);
  expect(new Set(Object.values(keys.publicKeys).flat()).size).toBe(KINDS.length);
  for (const kind of KINDS) expect(statSync(keys.seedFileOf(kind)).mode & 0o777).toBe(0o600);
});

test("a key that is replaced while the server runs shuts out whoever has the old one, and nobody else", async () => {
  await withNats(
    async (other) => {
      const closed: Error[] = [];
      const lane = await openAs(other, "lane-e", { onClosed: (why) => void closed.push(why) });
      await using cli = await openAs(other, "cli");
      const fresh = ensureMeshKeys(join(folder.path, "fresh"));
      const known = ensureMeshKeys(dirname(other.seedFileOf("lane-e")));
      const [old = ""] = known.publicKeys["lane-e"];
      const [next = ""] = fresh.publicKeys["lane-e"];
      const config = join(other.storeDir, "run/nats-server.conf");
      writeFileSync(config, readFileSync(config, "utf8").replace(old, next));
      other.server.kill("SIGHUP");
      await eventually(() => closed.length === 1, { what: "the old key's connection is closed" });
      expect(closed[0]).toBeInstanceOf(Denied);
      expect(lane.trouble()).toContain("no connection");
      const seed = readFileSync(fresh.seedFileOf("lane-e"), "utf8").trim();
      await using renewed = await openAs(other, "lane-e", { seed });
      expect(renewed.trouble()).toBeUndefined();
      expect(cli.trouble()).toBeUndefined();
      await cli.nc.flush();
      await lane[Symbol.asyncDispose]();
    },
    { signIn: true },
  );
});

test("what a process is refused makes it unready, with the subject", async () => {
  const denials: string[] = [];
  const onDenial = ({ subject }: { subject: string }): void => void denials.push(subject);
  await using lane = await openAs(nats, "lane-e", { onDenial });
  expect(lane.trouble()).toBeUndefined();
  const subject = "baton.report.lane-a.cand-denied.st.run-1.result";
  const refused = lane.publisher.publish({ subject, payload: "", headers: {} });
  await expect(refused).rejects.toThrow("no acknowledgement");
  expect(denials).toEqual([subject]);
  expect(lane.trouble()).toContain(`refused a publish on ${subject.split(".", 2).join(".")}.…`);
});
