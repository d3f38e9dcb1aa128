/** `claude -p`, as Claude Code 2.1.332 was measured. */
import { claudeSettings } from "@baton/model-gateway";

import { type Adapter, fieldOf, RESULT_SCHEMA, textOf, type Told } from "./adapter.ts";

export const claude: Adapter = {
  agent: "claude",
  speaks: true,
  command({ prompt, model, resumes, sessionId, home, reached }) {
    const gateway = reached ? claudeSettings(reached) : { args: [], env: {} };
    return {
      args: [
        "-p",
        prompt,
        "--output-format",
        "stream-json",
        "--verbose",
        // Ours is the sandbox around it; it refuses this mode to root unless it is told so.
        "--permission-mode",
        "bypassPermissions",
        // No hook, server or instruction of the tree counts.
        "--setting-sources",
        "user",
        "--strict-mcp-config",
        "--json-schema",
        JSON.stringify(RESULT_SCHEMA),
        ...(model === undefined ? [] : ["--model", model]),
        ...(resumes === undefined ? ["--session-id", sessionId] : ["--resume", resumes]),
        ...gateway.args,
      ],
      env: {
        CLAUDE_CONFIG_DIR: home,
        IS_SANDBOX: "1",
        CLAUDE_CODE_MAX_RETRIES: "2",
        ...gateway.env,
      },
    };
  },
  told(event): Told {
    switch (event["type"]) {
      case "system":
        return systemTold(event);
      case "assistant":
        return { step: usesTool(event["message"]) ? "running a command" : "thinking" };
      case "result":
        return {
          // An error of the model's API comes as a success that is one.
          end:
            event["subtype"] === "success" && event["is_error"] === false ? "success" : "failure",
          ...namesIn(event),
          result: event["structured_output"],
        };
      default:
        return {};
    }
  },
};

function systemTold(event: Readonly<Record<string, unknown>>): Told {
  if (event["subtype"] === "api_retry") return { step: "asking the model again" };
  if (event["subtype"] !== "init") return {};
  return { step: "thinking", ...namesIn(event) };
}

function namesIn(event: Readonly<Record<string, unknown>>): Told {
  const [session, model] = [textOf(event["session_id"]), textOf(event["model"])];
  return { ...(session !== undefined && { session }), ...(model !== undefined && { model }) };
}

function usesTool(message: unknown): boolean {
  const content = fieldOf(message, "content");
  return Array.isArray(content) && content.some((block) => fieldOf(block, "type") === "tool_use");
}
