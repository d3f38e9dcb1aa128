/** How a service follows its key registry: loaded before it starts, told in its log, shown in its readiness. */
import { followPeople } from "./follow-people.ts";
import { type People, PeopleFault } from "./registry.ts";

/** What the service has for it. */
export interface RegistryService {
  readonly log: {
    info(facts: object, text: string): void;
    error(facts: object, text: string): void;
  };
  onShutdown(name: string, step: () => Promise<void>): void;
  registerCheck(
    name: string,
    check: () => { ok: true } | { ok: false; reason: string; open: string },
  ): void;
  /** What is thrown instead of the fault that keeps the service from starting. */
  refuse(fault: PeopleFault): Error;
}

/**
 * The registry in `file`, followed while the service runs: one that can't be used any more leaves the last good one in force.
 * Throws what `refuse` makes of the fault if the first one can't be used.
 */
export async function followRegistry(
  file: string,
  service: RegistryService,
): Promise<() => People> {
  const { log } = service;
  const people = await followPeople(file, {
    onChange: (change) => {
      if ("people" in change) log.info({ keys: change.people.size, file }, "key registry loaded");
      else log.error({ file, why: change.fault }, "key registry can't be used; the last one stays");
    },
  }).catch((error: unknown) => {
    throw error instanceof PeopleFault ? service.refuse(error) : error;
  });
  log.info({ keys: people.current().size, file }, "key registry loaded");
  service.onShutdown("people", async () => people.stop());
  service.registerCheck("people", () => {
    const fault = people.fault();
    const open = "the key registry can't be used; the last one stays";
    return fault === undefined ? { ok: true } : { ok: false, reason: fault, open };
  });
  return people.current;
}
