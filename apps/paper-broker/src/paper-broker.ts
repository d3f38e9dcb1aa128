/**
 * The broker without its HTTP side: decides on the book, stores the event, and answers once it is on the disk.
 *
 * P1: deciding and applying happen in one turn, so two requests with one client order id can't both be first.
 * P2: every answer, also a reading one, is taken from the book in one turn and then waits for what was appended until
 *     then: nobody is told what a crash could undo.
 */
import { join } from "node:path";

import {
  type Decimal,
  DEFAULT_LIMIT_BOOK,
  type KillSwitch,
  type KillSwitchChange,
  type LimitBook,
  type NewOrder,
  type Order,
} from "@baton/brokerage";
import { makeFolder } from "@baton/files";

import type { BookEvent } from "./book-event.ts";
import { type AccountBook, type Book, createBook } from "./book.ts";
import { lockDirectory } from "./directory-lock.ts";
import { type Ledger, type LedgerOpening, openLedger } from "./ledger.ts";
import {
  cancelEvery,
  cancelOne,
  engage,
  type Refused,
  release,
  takeOrder,
  valueBeside,
} from "./rules.ts";

/** A paper broker on a directory of its own. */
export interface PaperBroker {
  /** With `onlyReducing` nothing is taken but what only takes away from a position. */
  take(
    account: string,
    order: NewOrder,
    limits?: { readonly onlyReducing: boolean },
  ): Promise<Order | Refused>;
  /** Fills an open order, as a whole or in part; does nothing if it isn't open. */
  fill(
    account: string,
    id: string,
    by: { readonly qty: Decimal; readonly price: Decimal },
  ): Promise<void>;
  cancel(account: string, id: string): Promise<Refused | undefined>;
  /** Ids of the orders that were cancelled. */
  cancelAll(account: string): Promise<readonly string[]>;
  engage(account: string, change: KillSwitchChange): Promise<KillSwitch>;
  release(account: string, change: KillSwitchChange): Promise<KillSwitch>;
  killSwitch(account: string): Promise<KillSwitch>;
  /** What `read` takes from the account's book, once all of it is on the disk (P2). */
  view<T>(account: string, read: (book: AccountBook) => T): Promise<T>;
  /** The accounts that hold something or have open orders, by name. */
  heldAccounts(): Promise<readonly string[]>;
  /** Value of what all accounts hold and have open, other than this account's of `symbol`; in units of 10^-9. */
  valueBeside(account: string, symbol: string): Promise<bigint>;
  readonly opening: Pick<LedgerOpening, "events" | "torn">;
  close(): Promise<void>;
}

/** Opens the broker in `directory`, created if it is missing; `now` gives the times that events carry. */
export async function openPaperBroker(
  directory: string,
  {
    now = () => new Date(),
    limits = DEFAULT_LIMIT_BOOK,
  }: { readonly now?: () => Date; readonly limits?: LimitBook } = {},
): Promise<PaperBroker> {
  makeFolder(directory);
  const unlock = lockDirectory(directory);
  try {
    const book = createBook();
    const path = join(directory, "ledger.jsonl");
    const { ledger, events, torn } = await openLedger(path, (event) => book.apply(event));
    return {
      ...brokerOn(book, ledger, { at: () => now().toISOString(), limits }),
      opening: { events, torn },
      async close() {
        try {
          await ledger.close();
        } finally {
          unlock();
        }
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** What changes nothing (P2). */
function readingOf(
  book: Book,
  ledger: Pick<Ledger, "flushed">,
): Pick<PaperBroker, "view" | "killSwitch" | "heldAccounts" | "valueBeside"> {
  const view = async <T>(account: string, read: (book: AccountBook) => T): Promise<T> => {
    const seen = read(book.account(account));
    await ledger.flushed();
    return seen;
  };
  const killSwitch = async (account: string): Promise<KillSwitch> => {
    const state = { mesh: book.mesh, all: book.all, account: book.account(account).switch };
    await ledger.flushed();
    return { engaged: Object.values(state).some(({ engaged }) => engaged), ...state };
  };
  return {
    view,
    killSwitch,
    async heldAccounts() {
      const held = [...book.accounts].filter(([, of]) => of.holdings.size > 0 || of.open.size > 0);
      await ledger.flushed();
      return held.map(([name]) => name).toSorted();
    },
    async valueBeside(account, symbol) {
      const value = valueBeside(book, book.account(account), symbol);
      await ledger.flushed();
      return value;
    },
  };
}

function brokerOn(
  book: Book,
  ledger: Ledger,
  { at, limits }: { readonly at: () => string; readonly limits: LimitBook },
): Omit<PaperBroker, "opening" | "close"> {
  function record(event: BookEvent | null): void {
    if (event === null) return;
    ledger.append(event);
    book.apply(event);
  }
  const reading = readingOf(book, ledger);
  const { view, killSwitch } = reading;
  return {
    ...reading,
    async take(account, order, { onlyReducing } = { onlyReducing: false }) {
      const rules = { at: at(), limits: limits.of(account), total: limits.total(), onlyReducing };
      const decision = takeOrder(book, account, order, rules);
      if (decision.kind === "granted") record(decision.event);
      const id = decision.kind === "granted" ? decision.event.id : "";
      const taken = await view(account, ({ orders }) => orders.get(id));
      if (decision.kind === "refused") return decision;
      if (!taken) throw new Error(`order ${id} is not in the book it was put into`);
      return taken;
    },
    async fill(account, id, { qty, price }) {
      if (!book.account(account).open.has(id)) return;
      record({ type: "fill", at: at(), account, id, qty, price });
      await ledger.flushed();
    },
    async cancel(account, id) {
      const decision = cancelOne(book, account, id, at());
      if (decision.kind === "granted") record(decision.event);
      await ledger.flushed();
      return decision.kind === "refused" ? decision : undefined;
    },
    async cancelAll(account) {
      const event = cancelEvery(book, account, at());
      record(event);
      await ledger.flushed();
      return event?.cancelled.map(({ id }) => id) ?? [];
    },
    engage(account, change) {
      record(engage(book, account, change, at()));
      return killSwitch(account);
    },
    release(account, change) {
      record(release(book, account, change, at()));
      return killSwitch(account);
    },
  };
}
