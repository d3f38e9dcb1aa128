/** A real server and a real coordinator, with which a test makes candidates wait for a person and answers them. */
import { randomUUID } from "node:crypto";

import { Command, commandSubject, Receipt, REPLY_HEADER } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import { eventually, spawnService, type SpawnedService, withNats } from "@baton/testkit";
import { z } from "zod";

const ROOT = `${import.meta.dirname}/../../../..`;

/** What a test works with. */
export interface Playground {
  readonly mesh: Mesh;
  readonly url: string;
  readonly nats: Parameters<Parameters<typeof withNats>[0]>[0];
  /** Starts an escalation process; it is ended with the playground. */
  escalation(env?: Readonly<Record<string, string>>): SpawnedService;
  /** Submits a candidate and puts it on hold: its last entry is held by `review`, reason PAUSED. */
  pause(candidateId: string): Promise<void>;
  /** Sends a command and waits until the coordinator accepted it. */
  command(candidateId: string, type: "resume" | "cancel" | "pause"): Promise<void>;
}

/** Runs `work` in a playground of its own and ends everything. */
export async function withPlayground(
  work: (playground: Playground) => Promise<void>,
): Promise<void> {
  await withNats(async (nats) => {
    const { url } = nats;
    const started: SpawnedService[] = [];
    const spawn = (entry: string, env: Readonly<Record<string, string>>): SpawnedService => {
      const service = spawnService(entry, {
        BATON_NATS_URL: url,
        NODE_COMPILE_CACHE: `${ROOT}/.baton/cache/compile`,
        ...env,
      });
      started.push(service);
      return service;
    };
    const coordinator = spawn("apps/coordinator/src/main.ts", {
      BATON_PLAYBOOK: `${ROOT}/playbooks/bench.yaml`,
      BATON_LOG_LEVEL: "warn",
      BATON_ACK_WAIT_MS: ACK_WAIT_MS,
    });
    await coordinator.ready();
    const mesh = await openMesh({ url, name: "test" });
    try {
      await work({
        mesh,
        url,
        nats,
        escalation: (env = {}) =>
          spawn("apps/escalation/src/main.ts", {
            BATON_REVIEW_CHECK_MS: "100",
            BATON_NOTICE_LEASE_MS: "1000",
            BATON_ACK_WAIT_MS: ACK_WAIT_MS,
            ...env,
          }),
        pause: async (candidateId) => {
          await send(mesh, candidateId, { type: "submit", spec: { name: candidateId } });
          await send(mesh, candidateId, { type: "pause", why: "a person looks at it" });
        },
        command: (candidateId, type) => send(mesh, candidateId, { type, why: "seen" }),
      });
    } finally {
      await Promise.all(started.map((service) => service.stop()));
      await mesh[Symbol.asyncDispose]();
    }
  });
}

const ACK_WAIT_MS = "1000";

async function send(
  mesh: Mesh,
  candidateId: string,
  what: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = `cmd-${randomUUID()}`;
  const time = new Date().toISOString();
  const command = Command.parse({ v: 1, id, candidateId, time, by: "tester", ...what });
  const inbox = `_INBOX.${randomUUID()}`;
  let receipt: Receipt | undefined;
  const subscription = mesh.nc.subscribe(inbox, {
    callback: (_, message) => {
      receipt = Receipt.parse(message.json());
    },
  });
  await mesh.publisher.publish({
    subject: commandSubject({ candidateId, commandId: id }),
    payload: JSON.stringify(command),
    headers: { [REPLY_HEADER]: inbox },
  });
  const { outcome } = await eventually(() => receipt, {
    what: `receipt of ${command.type}`,
    everyMs: 5,
  });
  subscription.unsubscribe();
  if (outcome.kind === "refused") throw new Error(`${command.type}: ${outcome.message}`);
}

/** One line that the log notifier wrote. */
export interface LoggedNotice {
  readonly level: string;
  readonly notice: string;
  readonly key: string;
  readonly candidateId: string;
}

/** The notices in a process's output, in order. */
export function noticesOf(...services: readonly SpawnedService[]): LoggedNotice[] {
  return services.flatMap((service) =>
    service
      .output()
      .split("\n")
      .filter((line) => line.includes('"notice":') && line.includes('"key":') && line.endsWith("}"))
      .map((line): LoggedNotice => JSON.parse(line)),
  );
}

/** The records in the bucket by candidate. */
export async function recordsOf(mesh: Mesh): Promise<Map<string, Record<string, unknown>>> {
  const { state } = await mesh.jsm.streams.info("KV_REVIEWS", { subjects_filter: ">" });
  const records = new Map<string, Record<string, unknown>>();
  for (const subject of Object.keys(state.subjects ?? {})) {
    const message = await mesh.jsm.streams.getMessage("KV_REVIEWS", { last_by_subj: subject });
    if (message && message.data.length > 0)
      records.set(subject.slice("$KV.REVIEWS.".length), message.json());
  }
  return records;
}

const Listed = z.object({
  total: z.number(),
  reviews: z.array(z.looseObject({ candidateId: z.string(), reason: z.string() })),
});

/** What `GET /reviews` answers. */
export async function listReviews(address: string, query = ""): Promise<z.infer<typeof Listed>> {
  const response = await fetch(`${address}/reviews${query}`);
  return Listed.parse(await response.json());
}
