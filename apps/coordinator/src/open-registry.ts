import { followRegistry, type People, type PeopleFault } from "@baton/people";
import { EXIT, type ServiceContext, StartFailure } from "@baton/service";

import type { CoordinatorConfig } from "./config.ts";

/** The key registry; undefined where everybody is believed. Throws `StartFailure` if the first one can't be used. */
export async function openRegistry(
  service: ServiceContext<CoordinatorConfig>,
): Promise<() => People | undefined> {
  const { log, registerCheck, onShutdown } = service;
  const file = service.config.BATON_PEOPLE;
  if (file !== undefined) {
    const refuse = ({ code, message, action }: PeopleFault) =>
      new StartFailure({ code, message, action, exitCode: EXIT.invalidInput });
    return followRegistry(file, { log, registerCheck, onShutdown, refuse });
  }
  log.warn(
    "no key registry (BATON_PEOPLE): whoever reaches the server is believed to be who they say",
  );
  return () => undefined;
}
