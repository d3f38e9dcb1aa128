import {
  AlpacaConfigError,
  type AlpacaVariables,
  type BrokerPlace,
  BrokerVariables,
  openAlpaca,
} from "@baton/brokerage";
import { SandboxConfig } from "@baton/sandbox";
import { EXIT, integerText, secretText, StartFailure, urlText } from "@baton/service";
import { z } from "zod";

const Repository = z
  .string()
  .min(1)
  .max(1000, { error: "must be a path or URL of 1,000 characters at most" });

/** Lane E's own configuration, on top of what every lane takes. */
export const LaneEConfig = {
  ...SandboxConfig,
  /** The GitOps repository whose main says what runs: absolute path, or file, https, http, ssh URL without credentials. */
  BATON_GITOPS_REPO: Repository.meta({ example: "/var/lib/baton/gitops.git" }),
  /** Access token for it, if it is an https URL. */
  BATON_GITOPS_TOKEN: secretText().optional(),
  /** The strategy repository that lane B pushes to. */
  BATON_STRATEGY_REPO: Repository.meta({ example: "/var/lib/baton/strategies.git" }),
  BATON_ENGINE_URL: urlText(["http", "https"]).meta({ example: "http://127.0.0.1:8091" }),
  BATON_BROKER_URL: urlText(["http", "https"]).meta({ example: "http://127.0.0.1:8090" }),
  /** The lane's token at the broker; best a file (BATON_BROKER_TOKEN_FILE). */
  BATON_BROKER_TOKEN: secretText(),
  ...BrokerVariables,
  /** Folder for throw-away clones, of this service alone. */
  BATON_WORK_DIR: z
    .string()
    .min(1)
    .max(4096, { error: "must be a path of 4,096 characters at most" })
    .meta({ example: "/var/lib/baton/lane-e" }),
  /** How long a change on main may take until the engine runs it with its positions settled, in milliseconds. */
  BATON_VERIFY_MS: integerText({ min: 100, max: 3_600_000 })
    .default(30_000)
    .meta({ example: "30000" }),
  /** Key registry: with it, approvals of a live ramp count only as far as their signatures verify here. */
  BATON_PEOPLE: z
    .string()
    .min(1, { error: "must be the path of a key registry, or not set at all" })
    .meta({ example: "people.yaml" })
    .optional(),
  /** Fewest people whose signed approvals a live ramp takes, whatever the playbook says. */
  BATON_LIVE_APPROVALS: integerText({ min: 1, max: 10 }).default(2).meta({ example: "2" }),
};

/** Where the brokers are; at Alpaca the lane only reads and takes away. Throws a StartFailure. */
export function brokerPlaceOf(
  config: AlpacaVariables & {
    readonly BATON_BROKER_URL: string;
    readonly BATON_BROKER_TOKEN: string;
  },
): BrokerPlace {
  try {
    const { BATON_BROKER_URL: url, BATON_BROKER_TOKEN: token } = config;
    return { url, token, alpaca: openAlpaca(config) };
  } catch (cause) {
    if (!(cause instanceof AlpacaConfigError)) throw cause;
    const { code, message, action } = cause;
    throw new StartFailure({ code, exitCode: EXIT.invalidInput, message, action, cause });
  }
}
