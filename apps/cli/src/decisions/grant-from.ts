/** `--budget-…` of `baton resume`. */
import { EXIT, UserError } from "@baton/text/user-error";

const MICROS = 1_000_000;

interface GrantOptions {
  readonly budgetTokens?: string;
  readonly budgetMoney?: string;
  readonly budgetCalls?: string;
}

/** What of a budget is granted; nothing if none of the options is there. Throws `UserError` for what isn't an amount. */
export function grantFrom(options: GrantOptions): {
  grant?: { tokens?: number; micros?: number; calls?: number };
} {
  const { budgetTokens: tokens, budgetMoney: money, budgetCalls: calls } = options;
  if (tokens === undefined && money === undefined && calls === undefined) return {};
  return {
    grant: {
      ...(tokens !== undefined && { tokens: wholeFrom("--budget-tokens", tokens) }),
      ...(money !== undefined && { micros: microsFrom(money) }),
      ...(calls !== undefined && { calls: wholeFrom("--budget-calls", calls) }),
    },
  };
}

function wholeFrom(option: string, text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw notAnAmount(option, text, "a whole number above 0, e.g. 200000");
}

function microsFrom(text: string): number {
  const micros = /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * MICROS) : 0;
  if (micros > 0) return micros;
  throw notAnAmount(
    "--budget-money",
    text,
    "an amount above 0 with six decimals at most, e.g. 2.50",
  );
}

function notAnAmount(option: string, value: string, rule: string): UserError {
  return new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: `${option} isn't an amount`,
    value,
    rule,
    action: "Correct it and send it again.",
  });
}
