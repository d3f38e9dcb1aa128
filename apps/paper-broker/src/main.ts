import type { IncomingHttpHeaders } from "node:http";

import { AlpacaConfigError, LimitsError, openAlpaca, openLimits } from "@baton/brokerage";
import { EXIT, runService, StartFailure } from "@baton/service";

import { holderOf, type Tokens } from "./access.ts";
import { accountOfKeys, createAlpacaApi, KEY_HEADER, SECRET_HEADER } from "./alpaca-api.ts";
import { createApi } from "./api.ts";
import { PaperBrokerConfig } from "./config.ts";
import { DirectoryLocked } from "./directory-lock.ts";
import { createFaultPlans } from "./faults.ts";
import { LedgerError } from "./ledger.ts";
import { openPaperBroker } from "./paper-broker.ts";

await runService({
  name: "paper-broker",
  config: PaperBrokerConfig,
  async start(service) {
    const { config, log, signal } = service;
    const tokens = tokensOf(config);
    // Until the book is rebuilt nothing may look like an answer: "not found" would be a lie.
    service.mount({ fetch: () => Response.json({ error: "starting" }, { status: 503 }) }, "itself");
    const accounts = accountsOf(config);
    const opened = async () => {
      const limits = await openLimits({
        file: config.BATON_LIMITS,
        people: config.BATON_PEOPLE,
        mesh: config.BATON_MESH_NAME,
      });
      return openPaperBroker(config.BATON_BROKER_DIR, { limits });
    };
    const broker = await opened().catch((error: unknown) => {
      throw startFailure(config.BATON_BROKER_DIR, error);
    });
    service.onShutdown("broker", () => broker.close());
    const { events, torn } = broker.opening;
    if (torn)
      log.warn(torn, "the ledger ended in a torn line, which was never answered for: cut off");
    log.info({ events }, "the book was rebuilt from the ledger");
    const faultsAllowed = config.BATON_BROKER_FAULTS;
    const faults = createFaultPlans(faultsAllowed);
    const onError = (error: unknown) => {
      if (error instanceof LedgerError) service.fail(error);
      else log.error({ err: error }, "request failed");
    };
    const alpaca =
      accounts && createAlpacaApi({ broker, accounts, faults, faultsAllowed, signal, onError });
    const options = { broker, tokens, faults, faultsAllowed, alpaca, signal, onError };
    service.mount(createApi(options), { knows: whoIsKnown(tokens, accounts) });
  },
});

/** A token is one holder's: with one that two have, each could do what the other may. */
function tokensOf(config: PaperBrokerConfig): Tokens {
  const tokens = {
    "paper-engine": config.BATON_BROKER_TOKEN_ENGINE,
    "lane-e": config.BATON_BROKER_TOKEN_LANE_E,
    "lane-f": config.BATON_BROKER_TOKEN_LANE_F,
    operator: config.BATON_BROKER_TOKEN_OPERATOR,
  };
  if (new Set(Object.values(tokens)).size === Object.keys(tokens).length) return tokens;
  throw new StartFailure({
    code: "E_CONFIG",
    exitCode: EXIT.invalidInput,
    message: "two of BATON_BROKER_TOKEN_ENGINE, _LANE_E, _LANE_F and _OPERATOR are the same token",
    action: "give each a token of its own (`openssl rand -hex 32` makes one)",
  });
}

/** Whose requests don't wait for strangers'. */
function whoIsKnown(tokens: Tokens, accounts: ReturnType<typeof accountsOf>) {
  const holder = holderOf(tokens);
  const account = accounts && accountOfKeys(accounts);
  return (headers: IncomingHttpHeaders): boolean => {
    const [key, secret] = [KEY_HEADER, SECRET_HEADER].map((name) => headers[name]?.toString());
    return holder(headers.authorization) !== undefined || account?.(key, secret) !== undefined;
  };
}

/** Whom it plays Alpaca for. */
function accountsOf({ BATON_BROKER_ALPACA: file }: PaperBrokerConfig) {
  if (file === undefined) return undefined;
  try {
    return openAlpaca({ BATON_BROKER: "alpaca", BATON_ALPACA_ACCOUNTS: file })?.accounts;
  } catch (cause) {
    if (!(cause instanceof AlpacaConfigError)) throw cause;
    const { code, message, action } = cause;
    throw new StartFailure({ code, exitCode: EXIT.invalidInput, message, action, cause });
  }
}

function startFailure(directory: string, cause: unknown): unknown {
  if (cause instanceof DirectoryLocked)
    return new StartFailure({
      code: "E_DIRECTORY_LOCKED",
      exitCode: EXIT.unavailable,
      message: cause.message,
      action: "stop that process, or set BATON_BROKER_DIR to another directory",
      cause,
    });
  if (cause instanceof LimitsError)
    return new StartFailure({
      code: cause.code,
      exitCode: EXIT.invalidInput,
      message: cause.message,
      action: cause.action,
      cause,
    });
  if (cause instanceof LedgerError)
    return new StartFailure({
      code: cause.code,
      exitCode: EXIT.invalidInput,
      message: cause.message,
      action: "keep a copy of the file before anything else",
      cause,
    });
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string")
    return new StartFailure({
      code: "E_DIRECTORY",
      exitCode: EXIT.invalidInput,
      message: `BATON_BROKER_DIR=${JSON.stringify(directory)} can't be used: ${cause.message}`,
      action: "name a directory that this user may write, or create it",
      cause,
    });
  return cause;
}
