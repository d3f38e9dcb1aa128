/** The key registry of this lane, followed while it runs. */
import type { Mesh } from "@baton/mesh";
import { followRegistry, type PeopleFault } from "@baton/people";
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
  const refuse = ({ code, message, action }: PeopleFault) =>
    new StartFailure({ code, message, action, exitCode: EXIT.invalidInput });
  const { registerCheck, onShutdown } = service;
  const people = await followRegistry(file, { log, registerCheck, onShutdown, refuse });
  return {
    people,
    required: config.BATON_LIVE_APPROVALS,
    mesh: name,
    commands,
    first: (candidateId) => journal.first(candidateId),
    entered: (of) => journal.entered(of),
  };
}
