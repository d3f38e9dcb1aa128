import { findAlertmanager, startTestAlertmanager, type TestAlertmanager } from "@baton/testkit";

/** Looked for once per test file. */
const alertmanager = await findAlertmanager();
if (!alertmanager.found)
  process.stderr.write(`tests that take an Alertmanager are skipped: ${alertmanager.why}\n`);

/** False where none can be had, which is never so on Debian; tests that take one are skipped then. */
export const HAS_ALERTMANAGER = alertmanager.found;

/** Starts one; stop it. */
export function startAlertmanager(
  options: Omit<Parameters<typeof startTestAlertmanager>[0], "path"> = {},
): Promise<TestAlertmanager> {
  if (!alertmanager.found) throw new Error(alertmanager.why);
  return startTestAlertmanager({ ...options, path: alertmanager.path });
}
