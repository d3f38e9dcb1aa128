import {
  AlpacaConfigError,
  type AlpacaVariables,
  type BrokerPlace,
  BrokerVariables,
  openAlpaca,
} from "@baton/brokerage";
import { EXIT, integerText, secretText, StartFailure, urlText } from "@baton/service";
import { z } from "zod";

const Path = z.string().min(1).max(4096, { error: "must be a path of 4,096 characters at most" });

/** Lane F's own configuration, on top of what every lane takes. */
export const LaneFConfig = {
  BATON_BROKER_URL: urlText(["http", "https"]).meta({ example: "http://127.0.0.1:8090" }),
  /** The lane's token at the broker; best a file (BATON_BROKER_TOKEN_FILE). */
  BATON_BROKER_TOKEN: secretText(),
  ...BrokerVariables,
  BATON_ENGINE_URL: urlText(["http", "https"]).meta({ example: "http://127.0.0.1:8091" }),
  /** The GitOps repository whose main says what runs: absolute path, or file, https, http, ssh URL without credentials. */
  BATON_GITOPS_REPO: z
    .string()
    .min(1)
    .max(1000, { error: "must be a path or URL of 1,000 characters at most" })
    .meta({ example: "/var/lib/baton/gitops.git" }),
  /** Folder for throw-away clones, of this service alone. */
  BATON_WORK_DIR: Path.meta({ example: "/var/lib/baton/lane-f" }),
  /** Private Ed25519 key in PEM form that audit packs are signed with; mode 0600. `baton up` makes it. */
  BATON_AUDIT_KEY_FILE: Path.meta({ example: "/var/lib/baton/audit-key.pem" }),
  /** Longest wait for the engine to do what main says, in milliseconds. */
  BATON_ENGINE_WAIT_MS: integerText({ min: 100, max: 600_000 })
    .default(10_000)
    .meta({ example: "10000" }),
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
