/**
 * Decides what people ask of the whole mesh: reads the controls, looks up what the core needs to know, appends through the
 * fence. Any number of coordinators may do it at once; whoever loses the fence decides again.
 */
import { type ControlCommand, type Controls, MESH_ID, type StoredControls } from "@baton/contracts";
import type { ControlWatch, Journal, MeshControls } from "@baton/mesh";
import {
  type ControlFacts,
  type ControlQuestion,
  decideControl,
  type Playbook,
  type Refusal,
} from "@baton/playbook";
import type { Log } from "@baton/telemetry";
import { controlChangeText } from "@baton/views";

import { type HistoryKeeper, historyFacts } from "./history-keeper.ts";

/** What became of it. `unchanged`: it was so already. */
export type ControlOutcome =
  | { readonly kind: "changed" | "unchanged"; readonly stored: StoredControls }
  | Refusal;

/** What a desk works with. */
export interface ControlDeskParts {
  readonly controls: Pick<MeshControls, "append" | "at">;
  readonly watch: Pick<ControlWatch, "refresh" | "note">;
  readonly journal: Pick<Journal, "last">;
  readonly history: Pick<HistoryKeeper, "refuse" | "look" | "keepControls">;
  /** The current one: says which role may do what. */
  readonly playbook: Playbook;
  /** Candidates that the incident led to recovery and that are still open, when everything is applied that is known. */
  readonly recovering: (incidentId: string) => Promise<readonly string[]>;
  readonly log: Log;
}

/** Changes the controls. */
export interface ControlDesk {
  settle(happening: ControlQuestion["happening"]): Promise<ControlOutcome>;
}

const MAX_FENCED = 50;

/** Opens a desk. */
export function openControlDesk(parts: ControlDeskParts): ControlDesk {
  const { controls, watch, playbook } = parts;
  return {
    settle: async (happening) => {
      for (let fenced = 0; fenced <= MAX_FENCED; fenced += 1) {
        parts.history.refuse();
        const facts = await lookUp(parts, happening);
        const last = await watch.refresh();
        const now = new Date().toISOString();
        const decision = decideControl({ last, happening, playbook, facts, now });
        if (decision.kind === "reject") return decision;
        if (decision.kind === "ignore") {
          if (!last) throw new Error("nothing is unchanged where there is nothing");
          return { kind: "unchanged", stored: await originalOf(parts, last, happening) };
        }
        const appended = await controls.append(decision.controls);
        if (appended.kind === "fenced") continue;
        const stored = { sequence: appended.sequence, controls: decision.controls };
        watch.note(stored);
        await parts.history.keepControls();
        logChange(parts.log, stored.controls, appended.sequence);
        return { kind: "changed", stored };
      }
      throw new Error(`${MESH_ID}: the fence was lost ${MAX_FENCED} times in a row`);
    },
  };
}

/** The entry that the command, or the one that had the same effect, led to; `last` if it is out of sight. */
async function originalOf(
  { controls }: ControlDeskParts,
  last: StoredControls,
  happening: ControlQuestion["happening"],
): Promise<StoredControls> {
  if (happening.kind !== "command") return last;
  const { id } = happening.command;
  const { commands, killSwitch } = last.controls;
  const commandId = commands.includes(id) ? id : killSwitch?.commandId;
  let at: StoredControls | undefined = last;
  for (let steps = 0; at && steps < commands.length; steps += 1) {
    const { cause, prev }: Controls = at.controls;
    if (cause.kind === "command" && cause.commandId === commandId) return at;
    at = prev === 0 ? undefined : await controls.at(prev);
  }
  return last;
}

async function lookUp(
  parts: ControlDeskParts,
  happening: ControlQuestion["happening"],
): Promise<ControlFacts> {
  if (happening.kind !== "command") return { candidateKnown: false, unrecovered: [] };
  const { command } = happening;
  if (command.type === "accept-loss") {
    const history = historyFacts(await parts.history.look());
    return { candidateKnown: false, unrecovered: [], history };
  }
  const about = candidateIn(command);
  const last = about === undefined ? undefined : await parts.journal.last(about);
  const unrecovered =
    command.type === "close-incident" ? await parts.recovering(command.incidentId) : [];
  return { candidateKnown: last !== undefined, unrecovered };
}

function candidateIn(command: ControlCommand): string | undefined {
  if (command.type === "emergency") return command.scope;
  return command.type === "incident" && command.scope.kind === "candidate"
    ? command.scope.candidateId
    : undefined;
}

function logChange(log: Log, controls: Controls, sequence: number): void {
  const { cause } = controls;
  const by = cause.kind === "command" ? { command: cause.type, by: cause.by } : {};
  log.warn({ ...by, controls: sequence }, controlChangeText(controls));
}
