/**
 * The accounts at Alpaca: each strategy account is an Alpaca account of its own, as Alpaca knows no accounts within one.
 *
 * K1: keys come from a file that only its owner may read, and go nowhere but into the headers of requests to the endpoint.
 * K2: the endpoint is one of Alpaca's two, over https; real money takes a second setting. Another one may only be on this machine.
 * K3: two accounts with one key can't be kept apart, and are refused.
 */
import { cut } from "@baton/contracts";
import { readPrivateFile } from "@baton/files";
import { readYaml, YamlError } from "@baton/text";
import { z } from "zod";

import type { LimitBook } from "../limits.ts";
import { Account } from "../order.ts";

/** What whoever sends or reads orders takes from its environment, beside the paper broker's place. */
export const BrokerVariables = {
  /** Where strategies' accounts are (docs/orders.md). */
  BATON_BROKER: z
    .enum(["paper-broker", "alpaca"])
    .default("paper-broker")
    .meta({ example: "paper-broker" }),
  /** The file of the accounts and keys at Alpaca, which only its owner may read. */
  BATON_ALPACA_ACCOUNTS: z
    .string()
    .min(1, { error: "must be the path of a file, or not set at all" })
    .meta({ example: "/etc/baton/alpaca.yaml" })
    .optional(),
  BATON_ALPACA_ENDPOINT: z.enum(["paper", "live"]).default("paper").meta({ example: "paper" }),
  /** Needed for the endpoint `live` beside it: nobody trades real money by one word. */
  BATON_ALPACA_LIVE: z.literal("real-money").optional().meta({ example: "real-money" }),
  /** For tests: a server on this machine that answers like Alpaca. */
  BATON_ALPACA_URL: z
    .url({ protocol: /^https?$/, hostname: /^(127\.0\.0\.1|\[::1\]|localhost)$/ })
    .optional()
    .meta({ example: "http://127.0.0.1:8090" }),
};
type Variable<N extends keyof typeof BrokerVariables> = z.infer<(typeof BrokerVariables)[N]>;
/** What of them was set. */
export interface AlpacaVariables {
  readonly BATON_BROKER: Variable<"BATON_BROKER">;
  readonly BATON_ALPACA_ACCOUNTS?: Variable<"BATON_ALPACA_ACCOUNTS">;
  readonly BATON_ALPACA_ENDPOINT?: Variable<"BATON_ALPACA_ENDPOINT">;
  readonly BATON_ALPACA_LIVE?: Variable<"BATON_ALPACA_LIVE">;
  readonly BATON_ALPACA_URL?: Variable<"BATON_ALPACA_URL">;
}

const ENDPOINTS = {
  paper: "https://paper-api.alpaca.markets",
  live: "https://api.alpaca.markets",
} as const;

/** Most accounts in a file, as all of them are asked at once what they hold; and its size. */
const MAX_ACCOUNTS = 50;
const MAX_BYTES = 100_000;

const KeyText = z.string().regex(/^[\x21-\x7e]{8,200}$/, "8 to 200 characters without space");
const AccountsFile = z.strictObject({
  version: z.literal("baton-alpaca-v1"),
  accounts: z.record(Account, z.strictObject({ key: KeyText, secret: KeyText })),
});

/** Keys of one account. */
interface AlpacaKeys {
  readonly key: string;
  readonly secret: string;
}

/** What is known of one account beyond one request. */
export interface AlpacaAccount extends AlpacaKeys {
  /** Nothing is asked before this moment of a monotonic clock, in milliseconds. */
  notBefore: number;
  /** When its open orders were gone through last because a kill switch is engaged, by that clock. */
  sweptAt: number;
  /** Price that an order was sent at, by its client order id: Alpaca doesn't keep it. The latest of this process. */
  readonly prices: Map<string, string>;
}

/** The accounts, and where they are. */
export interface AlpacaBook {
  readonly url: string;
  readonly accounts: ReadonlyMap<string, AlpacaAccount>;
  /** What an account may hold; without it only what takes away from a position is sent. */
  readonly limits?: LimitBook | undefined;
}

/** The configuration of Alpaca can't be used; the message never shows a key. */
export class AlpacaConfigError extends Error {
  override readonly name = "AlpacaConfigError";
  readonly code = "E_BROKER_CONFIG";
  readonly action = "Correct what is named; docs/orders.md shows the file and the settings.";
}

/** The accounts that the environment names; undefined where strategies trade at the paper broker. Throws an AlpacaConfigError. */
export function openAlpaca(variables: AlpacaVariables, limits?: LimitBook): AlpacaBook | undefined {
  const { BATON_BROKER: kind, BATON_ALPACA_ACCOUNTS: file } = variables;
  if (kind !== "alpaca") return undefined;
  if (file === undefined)
    throw new AlpacaConfigError(
      "BATON_BROKER is alpaca, but BATON_ALPACA_ACCOUNTS doesn't name the file of its accounts",
    );
  return { url: urlOf(variables), accounts: accountsIn(file), limits };
}

function urlOf({
  BATON_ALPACA_ENDPOINT: endpoint = "paper",
  BATON_ALPACA_LIVE: live,
  BATON_ALPACA_URL: url,
}: AlpacaVariables): string {
  if (endpoint === "live" && live === undefined)
    throw new AlpacaConfigError(
      "BATON_ALPACA_ENDPOINT is live: orders there cost real money, so BATON_ALPACA_LIVE must be real-money too",
    );
  if (endpoint === "paper" && live !== undefined)
    throw new AlpacaConfigError(
      "BATON_ALPACA_LIVE is real-money, but BATON_ALPACA_ENDPOINT isn't live: say which of them is meant",
    );
  return url ?? ENDPOINTS[endpoint];
}

function accountsIn(file: string): ReadonlyMap<string, AlpacaAccount> {
  const fault = (what: string, cause?: unknown) =>
    new AlpacaConfigError(`BATON_ALPACA_ACCOUNTS: ${what}`, { cause });
  let document: unknown;
  try {
    const text = readPrivateFile(file, { maxBytes: MAX_BYTES });
    if (text === undefined) throw fault(`${file} isn't there`);
    document = readYaml(text, { maxCharacters: MAX_BYTES });
  } catch (cause) {
    // What a reader of YAML says may quote a line, and so a key.
    if (cause instanceof YamlError)
      throw fault(
        `${file}: line ${cause.line}, column ${cause.column} isn't as it must be (${cause.fault})`,
      );
    if (cause instanceof AlpacaConfigError) throw cause;
    throw fault(cause instanceof Error ? cause.message : `${file} can't be read`, cause);
  }
  const parsed = AccountsFile.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = cut(issue?.path.join(".") ?? "", 100);
    // A name that isn't known may be a key in the wrong place.
    const what =
      issue?.code === "unrecognized_keys" ? "it has a name that isn't known" : issue?.message;
    throw fault(`${file}: ${at === "" ? "the document" : at}: ${what ?? "not valid"}`);
  }
  const accounts = Object.entries(parsed.data.accounts);
  if (accounts.length > MAX_ACCOUNTS)
    throw fault(`${file}: ${accounts.length} accounts, ${MAX_ACCOUNTS} at most are taken`);
  if (accounts.length === 0) throw fault(`${file} names no account`);
  const owners = new Map<string, string>();
  for (const [account, { key }] of accounts) {
    const other = owners.get(key);
    if (other !== undefined)
      throw fault(
        `${file}: ${other} and ${account} have one key; strategies in one Alpaca account can't be kept apart, so give each an account of its own`,
      );
    owners.set(key, account);
  }
  return new Map(
    accounts.map(([account, keys]) => [
      account,
      { ...keys, notBefore: 0, sweptAt: Number.NEGATIVE_INFINITY, prices: new Map() },
    ]),
  );
}
