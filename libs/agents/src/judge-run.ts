/**
 * How a program's run ended, from what was seen of it. Pure.
 *
 * J1: it ended well only if it exited with 0, said so in a last event, and gave a result by the schema; an exit code alone means
 *     nothing. One that hangs after such an event is ended and counts as ended.
 * J2: what it cost, what the gateway refused and which bound it met are our own words; the program's are quoted in a message, cut.
 */
import { BUDGET_CODE, cut, type Failure, type SpentBudget, type WorkDone } from "@baton/contracts";
import type { CallFact } from "@baton/model-gateway";
import { endingInWords, type SandboxEnding } from "@baton/sandbox";
import { quoted } from "@baton/text/printable";
import { z } from "zod";

/** What was seen. */
export interface RunSeen {
  /** As it is called in messages. */
  readonly agent: string;
  /** Whether a last event and a result are expected of it. */
  readonly speaks: boolean;
  readonly ending: SandboxEnding;
  readonly end: "success" | "failure" | undefined;
  readonly result: unknown;
  /** We ended it because it hung after its last event. */
  readonly hungAfterEnd: boolean;
  readonly cutBy: SpentBudget | undefined;
  /** Of this attempt. */
  readonly calls: readonly CallFact[];
  readonly stderr: string;
}

export interface Judgement {
  readonly how: WorkDone["ended"];
  /** Absent if it ended well. */
  readonly failure?: Failure;
}

const LOGS = "Read what it wrote: `baton logs ID`.";

export function judgeRun(seen: RunSeen): Judgement {
  if (endedWell(seen)) return resultOf(seen);
  const { ending, cutBy } = seen;
  if (ending.kind === "refused") return { how: "refused", failure: ending.failure };
  if (ending.kind === "aborted" && !seen.hungAfterEnd) return { how: "stopped" };
  if (cutBy) return { how: "budget", failure: budgetFailure(cutBy) };
  if (ending.kind === "limit") return limitOf(seen, ending);
  return modelFault(seen) ?? programFault(seen);
}

function endedWell({ ending, speaks, end, hungAfterEnd }: RunSeen): boolean {
  const exited = ending.kind === "exited" && ending.code === 0;
  return speaks ? end === "success" && (exited || hungAfterEnd) : exited;
}

const Result = z.object({ done: z.boolean(), note: z.string() });

function resultOf({ agent, speaks, result }: RunSeen): Judgement {
  if (!speaks) return { how: "delivered" };
  const parsed = Result.safeParse(typeof result === "string" ? fromJson(result) : result);
  if (!parsed.success) {
    const message = `${agent} ended without the result that was asked for: ${quoted(result, 200)}`;
    return { how: "failed", failure: fault("deterministic", "E_AGENT_RESULT", message, AGAIN) };
  }
  if (parsed.data.done) return { how: "delivered" };
  const message = `${agent} says that it isn't done: ${quoted(parsed.data.note, 400)}`;
  return { how: "failed", failure: fault("deterministic", "E_AGENT_GAVE_UP", message, AGAIN) };
}

const AGAIN = `${LOGS} \`baton resume ID --why …\` has it done again, in a new run.`;

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const UNITS = { tokens: "tokens", micros: "millionths of the currency unit", calls: "calls" };

/** What is told of a budget that is spent. */
export function budgetFailure({ scope, measure, limit, spent }: SpentBudget): Failure {
  const message = `the ${scope}'s budget is spent: ${spent} of ${limit} ${UNITS[measure]}`;
  return fault(
    "policy",
    BUDGET_CODE,
    message,
    "`baton describe ID` says what was spent on what; `baton resume ID --budget-tokens N --why …` grants more.",
  );
}

function limitOf({ agent }: RunSeen, ending: Extract<SandboxEnding, { kind: "limit" }>): Judgement {
  const message = `${agent} ${endingInWords(ending)}`;
  return ending.limit === "time"
    ? { how: "time", failure: fault("transient", "E_AGENT_TIME", message, LOGS) }
    : { how: "limit", failure: fault("deterministic", "E_AGENT_LIMIT", message, AGAIN) };
}

/** The model's doing: the last of its calls failed. */
function modelFault({ agent, calls }: RunSeen): Judgement | undefined {
  const last = calls.findLast(({ kind }) => kind !== "begun");
  if (last === undefined || last.kind === "begun") return undefined;
  const { kind: told, code, action } = modelWords(last) ?? {};
  if (told === undefined || code === undefined || action === undefined) return undefined;
  const what = last.kind === "refused" ? last.code : `${last.status ?? "no answer"} (${last.end})`;
  const message = `${agent} couldn't go on: its last call of the model ended with ${what}`;
  return { how: "failed", failure: fault(told, code, message, action) };
}

function modelWords(
  last: Exclude<CallFact, { kind: "begun" }>,
): { kind: Failure["class"]; code: string; action: string } | undefined {
  if (last.kind === "refused") {
    if (last.code === "E_MODEL_UNKNOWN")
      return {
        kind: "deterministic",
        code: last.code,
        action:
          "Give the model a price in the lane's agents file, or name another in the playbook.",
      };
    if (last.code === "E_MODEL_KEY" || last.code === "E_MODEL_UPSTREAM")
      return {
        kind: "transient",
        code: last.code,
        action: "Check the lane's agents file: address and key file.",
      };
    return undefined;
  }
  const { status, end } = last;
  if (status === 401 || status === 403)
    return {
      kind: "deterministic",
      code: "E_MODEL_KEY",
      action:
        "The provider refuses the key: put a valid one into the key file of the lane's agents file, then resume.",
    };
  const isAway = end === "unreachable" || end === "cut" || end === "deadline";
  if (isAway || status === 429 || (status ?? 0) >= 500)
    return {
      kind: "transient",
      code: "E_MODEL_AWAY",
      action: "Check that the model's provider answers; then `baton resume ID --why …`.",
    };
  return undefined;
}

function programFault({ agent, ending, end, stderr }: RunSeen): Judgement {
  const said = lastLine(stderr);
  const words = said === undefined ? "" : `; it wrote: ${quoted(said, 200)}`;
  if (ending.kind === "exited" && ending.code === 0 && end === undefined) {
    const message = `${agent} ended without a word about how${words}`;
    return { how: "unfinished", failure: fault("transient", "E_AGENT_UNFINISHED", message, LOGS) };
  }
  const how = end === "failure" ? "said that it failed" : endingInWords(ending);
  const message = `${agent} ${how}${words}`;
  return { how: "failed", failure: fault("transient", "E_AGENT_FAILED", message, LOGS) };
}

function lastLine(text: string): string | undefined {
  return text
    .split(/[\r\n]+/)
    .findLast((line) => line.trim() !== "")
    ?.trim();
}

function fault(kind: Failure["class"], code: string, message: string, action: string): Failure {
  return { class: kind, code, message: cut(message), action };
}
