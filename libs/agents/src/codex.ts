/** `codex exec`, as 0.171.0 was measured. */
import { codexSettings } from "@baton/model-gateway";

import { type Adapter, fieldOf, RESULT_SCHEMA_FILE, textOf, type Told } from "./adapter.ts";

export const codex: Adapter = {
  agent: "codex",
  speaks: true,
  command({ prompt, model, resumes, home, reached }) {
    const gateway = reached ? codexSettings(reached) : { args: [], env: {} };
    // A resumed session takes its sandbox by `-c` only; ours is around it, and one in another fails.
    const common = [
      "--json",
      "--skip-git-repo-check",
      "-c",
      'sandbox_mode="danger-full-access"',
      // What stands in the tree is data: no AGENTS.md there is an instruction.
      "-c",
      "project_doc_max_bytes=0",
      ...gateway.args,
      ...(model === undefined ? [] : ["-m", model]),
      "--output-schema",
      `${home}/${RESULT_SCHEMA_FILE}`,
    ];
    const words =
      resumes === undefined ? [...common, prompt] : ["resume", ...common, resumes, prompt];
    return { args: ["exec", ...words], env: { CODEX_HOME: home, ...gateway.env } };
  },
  told(event): Told {
    switch (event["type"]) {
      case "thread.started":
        return sessionTold(event["thread_id"]);
      case "turn.started":
        return { step: "thinking" };
      case "item.started":
      case "item.completed":
        return itemTold(event["item"]);
      case "turn.completed":
        return { end: "success" };
      case "turn.failed":
        return { end: "failure" };
      case "error":
        return { step: "asking the model again" };
      default:
        return {};
    }
  },
};

function sessionTold(id: unknown): Told {
  const session = textOf(id);
  return session === undefined ? {} : { session };
}

function itemTold(item: unknown): Told {
  switch (fieldOf(item, "type")) {
    case "agent_message":
      return { step: "thinking", result: fieldOf(item, "text") };
    case "command_execution":
      return { step: "running a command" };
    case "file_change":
      return { step: "writing files" };
    default:
      return {};
  }
}
