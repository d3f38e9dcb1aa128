/** The key registry of this lane, followed while it runs. */
import type { Mesh } from "@baton/mesh";
import { followPeople, PeopleFault } from "@baton/people";
import { EXIT, type ServiceContext, StartFailure } from "@baton/service";
import type { z } from "zod";

import type { LaneEConfig } from "./config.ts";
import type { ApprovalRegistry } from "./signed-approvals.ts";

type Config = Pick<
  z.infer<z.ZodObject<typeof LaneEConfig>>,
  "BATON_PEOPLE" | "BATON_LIVE_APPROVALS"
>;

/** What approvals are held against; undefined where no registry is configured. Throws `StartFailure`. */
export async function registryOf(
  service: Pick<ServiceContext, "log" | "onShutdown" | "registerCheck"> & {
    readonly config: Config;
  },
  { name, commands, journal }: Pick<Mesh, "name" | "commands" | "journal">,
): Promise<ApprovalRegistry | undefined> {
  const { config, log } = service;
  const file = config.BATON_PEOPLE;
  if (file === undefined) {
    log.warn("no key registry (BATON_PEOPLE): nobody verifies who approved a live ramp");
    return undefined;
  }
  const people = await followPeople(file, {
    onChange: (change) => {
      if ("people" in change) log.info({ keys: change.people.size, file }, "key registry loaded");
      else log.error({ file, why: change.fault }, "key registry can't be used; the last one stays");
    },
  }).catch((error: unknown) => {
    if (!(error instanceof PeopleFault)) throw error;
    const { code, message, action } = error;
    throw new StartFailure({ code, message, action, exitCode: EXIT.invalidInput });
  });
  service.onShutdown("people", async () => people.stop());
  service.registerCheck("people", () => {
    const fault = people.fault();
    return fault === undefined ? { ok: true } : { ok: false, reason: fault };
  });
  return {
    people: people.current,
    required: config.BATON_LIVE_APPROVALS,
    mesh: name,
    commands,
    first: (candidateId) => journal.first(candidateId),
  };
}
