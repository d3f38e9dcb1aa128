/** Header blocks that nobody of good will writes: a server stores them all, and every reader reads on. */
import {
  artifactChunkSubject,
  artifactRecordSubject,
  commandSubject,
  STREAMS,
} from "@baton/contracts";
import { publishRaw, startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sha256Of } from "./artifacts.ts";
import { crossReferences } from "./cross-references.ts";
import { follow } from "./follow.ts";
import { decodeHeaders } from "./header-block.ts";
import { headOf } from "./heads.ts";
import { type Mesh, openMesh } from "./mesh.ts";
import type { StoredMessage } from "./read-page.ts";

const HEAD = "NATS/1.0\r\n";
const BLOCKS: Readonly<Record<string, string>> = {
  "a lone line feed": `${HEAD}foo: a\nb\r\n\r\n`,
  "a lone carriage return": `${HEAD}foo: a\rb\r\n\r\n`,
  "a name with a space": `${HEAD}fo o: a\r\n\r\n`,
  "a name that isn't ASCII": `${HEAD}f\u00fc: a\r\n\r\n`,
  "no name": `${HEAD}: a\r\n\r\n`,
  "no end": `${HEAD}foo: a`,
  "no version": "foo: a\nb\r\n\r\n",
  "hardly anything": "\n\n\n",
  "a page's end": "NATS/1.0 204 EOB\r\n\r\n",
  "nobody there": "NATS/1.0 503\r\n\r\n",
  "nothing found": "NATS/1.0 404 Not Found\r\n\r\n",
  "another place": `${HEAD}Nats-Subject: baton.report.lane-a.cand-x.one.run-x\r\nNats-Sequence: 7000\r\nNats-Time-Stamp: 2001-01-01T00:00:00Z\r\n\r\n`,
};
const blocks = Object.values(BLOCKS);

describe("a header block", () => {
  const decode = (block: string) => decodeHeaders(Buffer.from(block, "latin1"));

  test("keeps its good fields whatever the others are", () => {
    const read = decode(`${HEAD}a: 1\r\nfoo: x\ny\r\n\u0000: z\r\na: 2\r\nb:3\r\n\r\n`);
    expect(read.toRecord()).toEqual({ a: ["1", "2"], b: ["3"] });
    expect(read.code).toBe(0);
  });

  test("says the server's status", () => {
    const read = decode("NATS/1.0 409 Consumer Deleted\r\nNats-Pending-Messages: 1\r\n\r\n");
    expect([read.code, read.description]).toEqual([409, "Consumer Deleted"]);
    expect(decode("NATS/1.0 503\r\n\r\n").code).toBe(503);
  });

  test("has what the server said last, and no status, where it's of a stored message", () => {
    const writers = "NATS/1.0 204 EOB\r\nNats-Sequence: 1\r\nNats-Subject: mine\r\n";
    const read = decode(`${writers}Nats-Subject: real\r\nNats-Sequence: 2\r\n\r\n`);
    expect([read.code, read.get("Nats-Subject"), read.get("Nats-Sequence")]).toEqual([
      0,
      "real",
      "2",
    ]);
  });

  test("of very many fields has them all", () => {
    const many = Array.from({ length: 200_000 }, (_, index) => `f${index}:\r\n`).join("");
    expect(decode(`${HEAD}${many}\r\n`).size()).toBe(200_000);
  });
});

let nats: TestNats;
let mesh: Mesh;
beforeAll(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "test", provision: true });
});
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
});

const streams = {
  reports: (index: number) => `baton.report.lane-c.cand-pv.one.run-pv.attempt-${index + 1}`,
  commands: (index: number) =>
    commandSubject({ candidateId: "cand-pv", commandId: `command-${index}` }),
  journal: (index: number) => `baton.journal.lane-c.cand-pv.one.run-pv${index}`,
};

describe("stored with any header block", () => {
  test.each(["reports", "commands", "journal"] as const)(
    "messages of %s are read, each where it is, and what follows them",
    async (stream) => {
      const subjects = [...blocks.map((_, index) => streams[stream](index)), streams[stream](99)];
      const bad = blocks.map((block, index) => ({
        subject: streams[stream](index),
        block,
        body: `${index}`,
      }));
      await publishRaw(nats.url, bad);
      await mesh.publisher.publish({
        subject: subjects.at(-1) ?? "",
        payload: "good",
        headers: {},
      });
      const read: StoredMessage[] = [];
      const done = new AbortController();
      await follow(mesh, {
        stream,
        page: 5,
        signal: AbortSignal.any([done.signal, AbortSignal.timeout(10_000)]),
        onMessage: (message) => read.push(message),
        onCaughtUp: () => done.abort(),
      });
      expect(read.map(({ subject }) => subject)).toEqual(subjects);
      expect(read.map(({ seq }) => seq)).toEqual(subjects.map((_, index) => index + 1));
      expect(read.map(({ data }) => Buffer.from(data).toString())).toEqual([
        ...blocks.map((_, index) => `${index}`),
        "good",
      ]);
      for (const { storedMs } of read) expect(Math.abs(Date.now() - storedMs)).toBeLessThan(60_000);
      for (const [index, subject] of subjects.entries()) {
        const direct = await mesh.jsm.direct.getMessage(STREAMS[stream].name, { seq: index + 1 });
        expect(direct?.subject).toBe(subject);
      }
    },
  );

  test("they name nothing that another stream must have", async () => {
    const heads = {
      JOURNAL: await headOf(mesh.jsm, "JOURNAL"),
      REPORTS: await headOf(mesh.jsm, "REPORTS"),
      COMMANDS: await headOf(mesh.jsm, "COMMANDS"),
    };
    expect(heads.REPORTS?.last).toBe(blocks.length + 1);
    expect(await crossReferences(mesh, heads, undefined)).toEqual([]);
  });
});

test("a message is delivered by a consumer with its good fields", async () => {
  const subject = streams.reports(500);
  const block = `${HEAD}foo: a\nb\r\nReply: here\r\n\r\n`;
  await publishRaw(nats.url, [{ subject, block, body: "{}" }]);
  const delivered = Promise.withResolvers<string | undefined>();
  const worker = mesh.take({
    stream: STREAMS.reports.name,
    durable: "coordinator-reports",
    capacity: 100,
    onTrouble: () => undefined,
    onDelivery: (delivery, release) => {
      delivery.ack();
      release();
      if (delivery.subject === subject) delivered.resolve(delivery.message.headers?.get("Reply"));
    },
  });
  expect(await delivered.promise).toBe("here");
  await worker.stop(1000);
});

describe("an artifact", () => {
  test.each(Object.entries(BLOCKS))(
    "whose record or chunk has %s is found by a good record",
    async (what, block) => {
      const bytes = Buffer.from(`artifact ${what}`);
      const sha256 = sha256Of(bytes);
      const id = sha256.slice(0, 32);
      const record = { v: 1, sha256, id, bytes: bytes.length };
      const chunk = artifactChunkSubject({ writer: "lane-b", id });
      const subject = artifactRecordSubject({ writer: "lane-b", sha256 });
      await publishRaw(nats.url, [
        { subject: chunk, block, body: "x".repeat(bytes.length) },
        { subject, block, body: JSON.stringify(record) },
      ]);
      await expect(mesh.artifacts.get(sha256)).rejects.toThrow("isn't stored as it was made");
      expect(await mesh.artifacts.put(bytes)).toBe(sha256);
      expect(await mesh.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
    },
  );
});
