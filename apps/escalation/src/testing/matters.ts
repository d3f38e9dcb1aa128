/** What tests ask about the matters of the mesh. */
import { MeshMatterRecord, Notice, REVIEWS_BUCKET, type StoredControls } from "@baton/contracts";
import type { Mesh } from "@baton/mesh";
import {
  AS_READER,
  eventually,
  spawnService,
  type SpawnedService,
  type TestMesh,
} from "@baton/testkit";
import { z } from "zod";

import type { Receiver } from "./receiver.ts";
import { OUTAGE_MS } from "./reviews.ts";

const ROOT = `${import.meta.dirname}/../../../..`;

/** Starts an escalation process on a mesh that has no other service. */
export function escalationOn(
  { nats }: TestMesh,
  env: Readonly<Record<string, string>>,
): SpawnedService {
  return spawnService("apps/escalation/src/main.ts", {
    BATON_NATS_URL: nats.url,
    BATON_REVIEW_CHECK_MS: "100",
    NODE_COMPILE_CACHE: `${ROOT}/.baton/cache/compile`,
    ...env,
  });
}

/** Changes the controls of a mesh, as a coordinator would. */
export function openControlHand({ control }: TestMesh) {
  const close = (incidentId: string) => control({ type: "close-incident", by: "eve", incidentId });
  return {
    close,
    engage: () => control({ type: "kill-switch", by: "ada", why: "fills come twice" }),
    askRelease: (by: string) =>
      control({ type: "release-kill-switch", by, why: "fills are right" }),
    /** Opens one on everything unless said; gives its id. */
    incident: async (of: object, scope: object = { kind: "all" }): Promise<string> =>
      lastIncident(await control({ type: "incident", by: "ada", scope, ...of })),
    /** Declares an emergency on one; gives the id of the task that it leaves. */
    emergency: async (incidentId: string): Promise<string> => {
      const wish = { ticket: "OPS-7", scope: "cand-0001", seconds: 60 };
      const { controls } = await control({ type: "emergency", by: "ada", incidentId, ...wish });
      return controls.tasks.at(-1)?.id ?? "";
    },
    closeTask: (taskId: string) =>
      control({ type: "close-task", by: "eve", taskId, commit: "a".repeat(40) }),
  };
}

function lastIncident({ controls }: StoredControls): string {
  return controls.incidents.at(-1)?.id ?? "";
}

/** The notices about a matter that arrived, in order. */
export function noticesOn({ received }: Receiver, matter: string): Notice[] {
  return received
    .map(({ body }) => Notice.parse(JSON.parse(body)))
    .filter((notice) => notice.matter === matter);
}

/** Their kinds. */
export const kindsOn = (receiver: Receiver, matter: string): string[] =>
  noticesOn(receiver, matter).map(({ kind }) => kind);

/** The matter's record in the bucket. */
export async function matterOf(mesh: Mesh, matter: string): Promise<MeshMatterRecord | undefined> {
  const of = { last_by_subj: `$KV.${REVIEWS_BUCKET}.${matter}` };
  const message = await mesh.jsm.streams.getMessage(`KV_${REVIEWS_BUCKET}`, of).catch(() => null);
  return message && message.data.length > 1 ? MeshMatterRecord.parse(message.json()) : undefined;
}

/** Waits until the record is in this state and everything about it was told. */
export const matterSettled = (
  mesh: Mesh,
  matter: string,
  state: "open" | "answered",
): Promise<MeshMatterRecord> =>
  eventually(
    async () => {
      const record = await matterOf(mesh, matter);
      return record?.state === state && record.delivery === null ? record : undefined;
    },
    { what: `${matter} ${state} and told`, withinMs: OUTAGE_MS * 2 },
  );

const Listed = z.object({
  total: z.number(),
  matters: z.array(z.looseObject({ matter: z.string(), reason: z.string(), detail: z.string() })),
});

/** What `GET /matters` answers. */
export async function listMatters(address: string): Promise<z.infer<typeof Listed>> {
  return Listed.parse(await (await fetch(`${address}/matters`, AS_READER)).json());
}
