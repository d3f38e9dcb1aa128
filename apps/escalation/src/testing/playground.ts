/** A real server and a real coordinator, with which a test makes candidates wait for a person and answers them. */
import { randomUUID } from "node:crypto";

import { Command, commandSubject, Receipt, REPLY_HEADER } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import {
  eventually,
  spawnService,
  type SpawnedService,
  startTestNats,
  type TestNats,
} from "@baton/testkit";

const ROOT = `${import.meta.dirname}/../../../..`;

/** What a test works with. */
export interface Playground {
  readonly mesh: Mesh;
  readonly nats: TestNats;
  /** Starts an escalation process; one that still runs is ended with the playground. */
  escalation(this: void, env?: Readonly<Record<string, string>>): SpawnedService;
  /** Submits a candidate and puts it on hold: its last entry is held by `review`, reason PAUSED. */
  pause(this: void, candidateId: string): Promise<void>;
  /** Sends a command and waits until the coordinator accepted it. */
  command(this: void, candidateId: string, type: "resume" | "cancel" | "pause"): Promise<void>;
  close(this: void): Promise<void>;
}

/** Opens a playground; close it. */
export async function openPlayground(): Promise<Playground> {
  const nats = await startTestNats();
  const { url } = nats;
  const started: SpawnedService[] = [];
  const spawn = (entry: string, env: Readonly<Record<string, string>>): SpawnedService => {
    const service = spawnService(entry, {
      BATON_NATS_URL: url,
      BATON_ACK_WAIT_MS: "1000",
      NODE_COMPILE_CACHE: `${ROOT}/.baton/cache/compile`,
      ...env,
    });
    started.push(service);
    return service;
  };
  const coordinator = spawn("apps/coordinator/src/main.ts", {
    BATON_PLAYBOOK: `${ROOT}/playbooks/bench.yaml`,
    BATON_LOG_LEVEL: "warn",
    // There are no lanes: nobody shall be asked about that.
    BATON_NO_WORKERS_MS: "86400000",
  });
  await coordinator.ready();
  const mesh = await openMesh({ url, name: "test" });
  return {
    mesh,
    nats,
    escalation: (env = {}) =>
      spawn("apps/escalation/src/main.ts", {
        BATON_REVIEW_CHECK_MS: "100",
        BATON_NOTICE_LEASE_MS: "1000",
        ...env,
      }),
    pause: async (candidateId) => {
      await send(mesh, candidateId, { type: "submit", spec: { name: candidateId } });
      await send(mesh, candidateId, { type: "pause", why: "a person looks at it" });
    },
    command: (candidateId, type) => send(mesh, candidateId, { type, why: "seen" }),
    close: async () => {
      await Promise.all(started.map((service) => service.stop()));
      await mesh[Symbol.asyncDispose]();
      await nats.stop();
    },
  };
}

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
