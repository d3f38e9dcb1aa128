/** How each command line is told of the gateway: arguments and variables, nothing else of it. */

/** Where the agent reaches the gateway, as it is seen from where it runs. */
export interface Reached {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly token: string;
}

export interface CommandLineSettings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const TOKEN = "BATON_MODEL_TOKEN";

/** For `codex exec`: a provider of its own. Tools don't get the token's variable. */
export function codexSettings({ url, token }: Reached): CommandLineSettings {
  const provider = {
    name: "baton",
    base_url: `${url}/v1`,
    wire_api: "responses",
    env_key: TOKEN,
    request_max_retries: 2,
    stream_max_retries: 2,
  };
  const values = Object.entries(provider).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const settings = [
    `model_providers.baton={${values.join(",")}}`,
    'model_provider="baton"',
    'shell_environment_policy.inherit="core"',
  ];
  return { args: settings.flatMap((setting) => ["-c", setting]), env: { [TOKEN]: token } };
}

/** For `claude -p`. */
export function claudeSettings({ url, token }: Reached): CommandLineSettings {
  return {
    args: [],
    env: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: token,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
    },
  };
}
