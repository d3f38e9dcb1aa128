/** Variables that begin as ours do and do nothing: a typing mistake would otherwise change nothing without a word. */
import { nearest } from "@baton/text/nearest";
import { quoted } from "@baton/text/printable";

const PREFIX = "BATON_";
/** Those that the command line reads, and those that `baton up` hands on to its services. A test finds any that is forgotten. */
export const VARIABLES: readonly string[] = [
  "BATON_ACK_WAIT_MS",
  "BATON_ESCALATION",
  "BATON_KEY_FILE",
  "BATON_LOG_LEVEL",
  "BATON_MESH",
  "BATON_MESHES_FILE",
  "BATON_NATS_RELEASES",
  "BATON_NATS_SEED_FILE",
  "BATON_NATS_URL",
  "BATON_NODE_CHOSEN",
  "BATON_PEOPLE",
  "BATON_PLAYBOOK",
  "BATON_REMINDERS_MAX",
  "BATON_REMINDER_EVERY_MS",
  "BATON_TRACES_PER_SECOND",
  "BATON_TRACE_LINK",
  "BATON_VERSION",
];
const MOST = 20;

/**
 * A line for each variable that looks like one of these and isn't; a service's own, in an environment that it shares with people,
 * is none of our business.
 */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = VARIABLES.map((name) => name.slice(PREFIX.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !VARIABLES.includes(name))
    .toSorted()
    .flatMap((name) => {
      const meant = nearest(name.slice(PREFIX.length), known);
      return meant === undefined
        ? []
        : [`${quoted(name)} isn't known here and does nothing; did you mean ${PREFIX}${meant}?`];
    })
    .slice(0, MOST);
}
