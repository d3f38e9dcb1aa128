/**
 * What must be known of the broker before any order increases a position.
 *
 * D1: without one order per client order id an order whose answer was lost could be there twice. The paper broker declares it.
 *     Alpaca's documentation does; that its look-up by that id works is tried.
 * D2: strategies whose accounts are one account at the broker can't be kept apart.
 */
import { cut } from "@baton/contracts";
import { z } from "zod";

import type { AlpacaBook } from "./alpaca/alpaca-book.ts";
import { alpacaExchange } from "./alpaca/alpaca-broker.ts";
import { AlpacaAccountState, AlpacaClock, AlpacaOrder } from "./alpaca/alpaca-wire.ts";
import { BrokerError } from "./broker-error.ts";
import type { BrokerPlace } from "./broker.ts";
import { createExchange, type Exchange, expectBody, refusalOf } from "./exchange.ts";
import { find } from "./order-requests.ts";

/** What was found. */
export interface BrokerStanding {
  readonly oneOrderPerClientOrderId: boolean;
  /** Two accounts of ours that are one at the broker. */
  readonly shared: readonly (readonly [string, string])[];
  /** When the market opens next, if it is closed; null while it is open, and where none closes. */
  readonly closedUntil: string | null;
}

type Asking = BrokerPlace & { readonly timeoutMs?: number; readonly signal?: AbortSignal };

const Capabilities = z.looseObject({ one_order_per_client_order_id: z.boolean().default(false) });
/** No order has it. */
const NOBODYS_ID = "baton-capability-check";

/** Asks. Throws a BrokerError while the broker doesn't answer. */
export async function askStanding(place: Asking): Promise<BrokerStanding> {
  const { alpaca } = place;
  if (alpaca !== undefined) return alpacaStanding(alpaca, place);
  const exchange = createExchange({
    ...place,
    headers: { authorization: `Bearer ${place.token}` },
  });
  const answer = await exchange("GET", "/v2/capabilities");
  // One that doesn't know the question doesn't declare anything.
  const declared = refusalOf(answer)?.status === 404 ? undefined : expectBody(answer, Capabilities);
  return {
    oneOrderPerClientOrderId: declared?.one_order_per_client_order_id ?? false,
    shared: [],
    closedUntil: null,
  };
}

async function alpacaStanding(
  { url, accounts }: AlpacaBook,
  place: Asking,
): Promise<BrokerStanding> {
  const shared: (readonly [string, string])[] = [];
  const owners = new Map<string, string>();
  let answers: Exchange | undefined;
  let trouble: unknown;
  for (const [account, keys] of accounts) {
    const exchange = alpacaExchange(url, keys, place);
    try {
      const { id } = expectBody(await exchange("GET", "/v2/account"), AlpacaAccountState);
      const other = owners.get(id);
      if (other !== undefined) shared.push([other, account]);
      owners.set(id, account);
      answers ??= exchange;
    } catch (error) {
      // That account's alone: the others go on.
      if (!(error instanceof BrokerError)) throw error;
      trouble = error;
    }
  }
  if (answers === undefined)
    throw trouble ?? new BrokerError("BATON_ALPACA_ACCOUNTS names no account", undefined);
  const found = await find({ exchange: answers, wire: AlpacaOrder }, NOBODYS_ID);
  return {
    oneOrderPerClientOrderId: found === undefined || found.client_order_id === NOBODYS_ID,
    shared,
    closedUntil: await closedUntil(answers),
  };
}

/** When Alpaca's market opens next; null while it is open. Throws a BrokerError. */
async function closedUntil(exchange: Exchange): Promise<string | null> {
  const clock = expectBody(await exchange("GET", "/v2/clock"), AlpacaClock);
  return clock.is_open ? null : clock.next_open;
}

/** Why the broker isn't one that orders may be sent to, for people; undefined if it is. */
export function standingFault(standing: BrokerStanding): string | undefined {
  if (!standing.oneOrderPerClientOrderId)
    return "E_BROKER_CAPABILITY: the broker doesn't declare that there is one order per client order id, so an order whose answer is lost could be there twice; use another broker, or another version of it";
  const [first] = standing.shared;
  if (first === undefined) return undefined;
  return cut(
    `E_BROKER_CAPABILITY: ${first.join(" and ")} are one account at the broker, where strategies can't be kept apart; give each an account of its own in BATON_ALPACA_ACCOUNTS`,
    400,
  );
}
