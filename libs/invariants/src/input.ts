import { type Fields, parseFields } from "./json-fields.ts";
import type { SubmitReceipt } from "./record.ts";

/** Where to look. */
export interface Input {
  readonly natsUrl: string;
  /** File with the nkey seed to sign in with; null where everybody is let in. */
  readonly natsSeedFile: string | null;
  /** Bare repositories, by path. */
  readonly remotes: readonly string[];
  /** The broker's log file; null if there's no broker. */
  readonly brokerLog: string | null;
  /** Gate report's artifact by stage. */
  readonly gates: ReadonlyMap<string, string>;
  /** Stages that change what runs: mutable, and with an edge to recovery. */
  readonly promoting: readonly string[];
  /** The stage that incidents lead to; null if there is none. */
  readonly recovery: string | null;
  /** Receipts of submissions in the order in which they came. */
  readonly receipts: readonly SubmitReceipt[];
  readonly settled: boolean;
}

/**
 * Parses `{"natsUrl", "natsSeedFile", "remotes": [], "brokerLog", "gates": {}, "promoting": [], "recovery", "receipts": [],
 * "settled"}`; receipts as the coordinator sends them. Throws `WrongForm`.
 */
export function parseInput(text: string): Input {
  const fields = parseFields(text);
  const gates = fields.object("gates");
  return {
    natsUrl: fields.text("natsUrl"),
    natsSeedFile: fields.textOrNull("natsSeedFile"),
    remotes: fields.texts("remotes"),
    brokerLog: fields.textOrNull("brokerLog"),
    gates: new Map(gates.names().map((stage) => [stage, gates.text(stage)])),
    promoting: fields.texts("promoting"),
    recovery: fields.textOrNull("recovery"),
    receipts: fields.objects("receipts").flatMap(receiptOf),
    settled: fields.flag("settled"),
  };
}

/** A refusal leaves nothing to compare. */
function receiptOf(receipt: Fields): SubmitReceipt[] {
  const outcome = receipt.object("outcome");
  if (outcome.text("kind") !== "accepted") return [];
  return [
    {
      candidateId: receipt.text("candidateId"),
      duplicate: outcome.flag("duplicate"),
      runId: outcome.text("runId"),
      stage: outcome.text("stage"),
      sequence: outcome.number("sequence"),
      time: outcome.text("time"),
    },
  ];
}
