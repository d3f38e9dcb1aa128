/**
 * What the engine keeps in its work directory, beside what main and the broker say: which main it obeyed last, and what is over
 * in an account.
 *
 * E1: it is on the disk before anybody acts on it, and outlives the process.
 * E2: without it nothing is lost but a warning: main's markers still tell most of a main that was moved back (main-line.ts), and
 *     an account that was run down counts as traded by others.
 */
import { readIfThere, writeDurably } from "@baton/mesh";
import { z } from "zod";

/** Most accounts that are remembered, the latest; so many strategies that came back are far more than anybody has. */
const MAX_ACCOUNTS = 1000;

const Kept = z.object({
  v: z.literal(1),
  head: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .nullable(),
  accounts: z.record(z.string(), z.string()),
});

/** The memory's file can't be used; the message says why. */
export class EngineMemoryError extends Error {
  override readonly name = "EngineMemoryError";
}

/** What is remembered. Changing it throws where the disk can't be written; it then stays as it was. */
export interface EngineMemory {
  /** Head of main that was obeyed last. */
  head(): string | undefined;
  obey(head: string): Promise<void>;
  /** The account's order up to which everything is over: what the engine ran down, or another version's. */
  overUntil(account: string): string | undefined;
  endAt(account: string, orderId: string): Promise<void>;
}

/** Opens the memory. Throws an EngineMemoryError if the file has something else. */
export async function openEngineMemory(file: string): Promise<EngineMemory> {
  const text = await readIfThere(file);
  let kept = text === undefined ? { v: 1 as const, head: null, accounts: {} } : parse(text, file);
  // One at a time: each write has all that is known.
  let writing: Promise<void> = Promise.resolve();
  const change = (of: (before: Kept) => Kept): Promise<void> => {
    const write = async (): Promise<void> => {
      const next = of(kept);
      await writeDurably(file, JSON.stringify(next));
      kept = next;
    };
    const result = writing.then(write);
    writing = result.catch(() => undefined);
    return result;
  };
  return {
    head: () => kept.head ?? undefined,
    obey: (head) => change((before) => ({ ...before, head })),
    overUntil: (account) => kept.accounts[account],
    endAt: (account, orderId) =>
      change((before) => {
        const others = Object.entries(before.accounts).filter(([name]) => name !== account);
        const accounts = [...others, [account, orderId] as const].slice(-MAX_ACCOUNTS);
        return { ...before, accounts: Object.fromEntries(accounts) };
      }),
  };
}

type Kept = z.infer<typeof Kept>;

function parse(text: string, file: string): Kept {
  try {
    return Kept.parse(JSON.parse(text));
  } catch (cause) {
    throw new EngineMemoryError(
      `${file} doesn't say which main was obeyed last; remove it only if you know that main wasn't moved back`,
      { cause },
    );
  }
}
