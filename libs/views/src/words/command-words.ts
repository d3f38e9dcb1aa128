/** What a command is called where people are told about it, and where its outcome is seen. */
import {
  type Command,
  type ControlCommand,
  type ControlCommandType,
  MESH_ID,
} from "@baton/contracts";

/** Anything that is sent. */
export type AnyCommand = Command | ControlCommand;

type Told = Pick<AnyCommand, "candidateId"> & { readonly type: string };

/** Commands about the whole mesh as they are typed. */
const VERBS: Readonly<Record<ControlCommandType, string>> = {
  "kill-switch": "kill-switch engage",
  "release-kill-switch": "kill-switch release",
  incident: "incident open",
  "close-incident": "incident close",
  emergency: "emergency",
  "close-task": "close-task",
  "accept-loss": "accept-loss",
};

/** `approve of cand-1f2e3d4c5b6a`, `kill-switch engage`. */
export function commandName({ candidateId, type }: Told): string {
  return candidateId === MESH_ID ? verbOf(type) : `${type} of ${candidateId}`;
}

/** The command line, in backquotes, that shows what became of it. */
export function whereSeen({ candidateId }: Told): string {
  return candidateId === MESH_ID ? "`baton get controls`" : `\`baton describe ${candidateId}\``;
}

/** What to do by hand while nobody decides on it; empty or a sentence with a blank behind it. */
export function untilDecided({ candidateId, type }: Told): string {
  if (candidateId !== MESH_ID || type !== "kill-switch") return "";
  return "Until then nothing new is promoted, and where all coordinators are away the engine increases no position 10 s after the last one wrote: nobody could engage the switch. ";
}

function verbOf(type: string): string {
  const verbs: Readonly<Record<string, string>> = VERBS;
  return verbs[type] ?? type;
}
