/** The server itself: version, JetStream, sync. */
import { checkServerVersion } from "@baton/mesh";
import { z } from "zod";

import type { Session } from "../session/session.ts";
import { fault, type Finding, ok, remark } from "./finding.ts";

const MONITOR_MS = 2000;

/** Findings about the server; `jetstream` is false if nothing further can be examined. */
export async function examineServer(
  session: Session,
): Promise<{ findings: Finding[]; jetstream: boolean }> {
  const { info } = session.nc;
  const version = info?.version ?? "unknown";
  const checked = checkServerVersion(version);
  const findings: Finding[] = [
    ok("server", `${session.address.url} (from ${session.address.source})`),
    checked.ok
      ? ok("version", `nats-server ${version}`)
      : fault("version", checked.reason, "Run a newer nats-server; `baton up` fetches one."),
  ];
  const jetstream = info?.jetstream === true;
  if (!jetstream) {
    const repair =
      "Start nats-server with `-js`, or with a `jetstream {}` block in its configuration.";
    return { findings: [...findings, fault("jetstream", "is off", repair)], jetstream };
  }
  findings.push(ok("jetstream", "is on"), await examineSync(session));
  return { findings, jetstream };
}

const Varz = z.object({
  jetstream: z.object({
    config: z
      .object({ sync_interval: z.number().optional(), sync_always: z.boolean().optional() })
      .optional(),
  }),
});

/** A client can't see this setting; only the monitoring endpoint, or whoever started the server, can tell. */
async function examineSync({ address }: Session): Promise<Finding> {
  const always = await readSync(address.up?.monitorUrl);
  if (always === true || (always === undefined && address.up?.syncAlways === true))
    return ok("sync_interval", "always: an acknowledged write survives a power loss");
  if (always === false || address.up?.syncAlways === false) {
    const repair = "Set `jetstream { sync_interval: always }` where a power loss matters.";
    return remark("sync_interval", "not always: a power loss may cost the last writes", repair);
  }
  const repair = "Look for `sync_interval: always` in the server's configuration.";
  return remark("sync_interval", "unknown: the server doesn't tell its clients", repair);
}

async function readSync(monitorUrl: string | undefined): Promise<boolean | undefined> {
  if (monitorUrl === undefined) return undefined;
  try {
    const signal = AbortSignal.timeout(MONITOR_MS);
    const response = await fetch(`${monitorUrl}/varz`, { signal });
    const { jetstream } = Varz.parse(await response.json());
    return jetstream.config?.sync_always === true;
  } catch {
    return undefined;
  }
}
