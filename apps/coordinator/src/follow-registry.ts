import { followPeople, type People, PeopleFault } from "@baton/people";
import { EXIT, type ServiceContext, StartFailure } from "@baton/service";

import type { CoordinatorConfig } from "./config.ts";

/**
 * The key registry, followed while the process runs; undefined where everybody is believed. One that can't be used any more
 * leaves the last good one in force. Throws `StartFailure` if the first one can't be used.
 */
export async function followRegistry(
  service: ServiceContext<CoordinatorConfig>,
): Promise<() => People | undefined> {
  const { config, log } = service;
  const file = config.BATON_PEOPLE;
  if (file === undefined) {
    log.warn(
      "no key registry (BATON_PEOPLE): whoever reaches the server is believed to be who they say",
    );
    return () => undefined;
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
  log.info({ keys: people.current().size, file }, "key registry loaded");
  service.onShutdown("people", async () => people.stop());
  service.registerCheck("people", () => {
    const fault = people.fault();
    return fault === undefined ? { ok: true } : { ok: false, reason: fault };
  });
  return people.current;
}
