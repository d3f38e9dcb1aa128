/** Answers as the events of each dialect's stream: no more than the real command lines need. */
import { type Answer, type Call, fieldOf, listOf } from "./script.ts";

export type Event = Readonly<Record<string, unknown>> & { readonly type: string };

const USAGE = { input: 1000, cached: 0, output: 50 };

export function eventsOf(call: Call, answer: Answer, id: string): readonly Event[] {
  return call.dialect === "responses" ? responses(answer, id) : messages(call, answer, id);
}

function responses(answer: Answer, id: string): Event[] {
  const items: unknown[] = [];
  if (answer.text !== undefined) {
    const content = [{ type: "output_text", text: answer.text }];
    items.push({ type: "message", role: "assistant", id: `msg_${id}`, content });
  }
  const command = answer.write ? writing(answer.write) : answer.command;
  if (command !== undefined)
    items.push({
      type: "function_call",
      id: `fc_${id}`,
      name: "exec_command",
      arguments: JSON.stringify({ cmd: command }),
      call_id: `call_${id}`,
    });
  const usage = responsesUsage(answer);
  return [
    { type: "response.created", response: { id } },
    ...items.map((item) => ({ type: "response.output_item.done", item })),
    { type: "response.completed", response: { id, ...usage } },
  ];
}

function responsesUsage({ usage = USAGE }: Answer) {
  if (usage === null) return {};
  const { input, cached = 0, output } = usage;
  return {
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    },
  };
}

function messages({ body }: Call, answer: Answer, id: string): Event[] {
  const blocks: { start: unknown; delta: unknown }[] = [];
  if (answer.text !== undefined)
    blocks.push({
      start: { type: "text", text: "" },
      delta: { type: "text_delta", text: answer.text },
    });
  const tool = toolOf(body, answer);
  if (tool)
    blocks.push({
      start: { type: "tool_use", id: `toolu_${id}`, name: tool.name, input: {} },
      delta: { type: "input_json_delta", partial_json: JSON.stringify(tool.input) },
    });
  const { usage = USAGE } = answer;
  const { input, cached = 0, output } = usage ?? USAGE;
  const started = {
    input_tokens: input - cached,
    cache_read_input_tokens: cached,
    output_tokens: 1,
  };
  const message = { id: `msg_${id}`, type: "message", role: "assistant", model: body["model"] };
  const stopped = { stop_reason: tool ? "tool_use" : "end_turn", stop_sequence: null };
  return [
    {
      type: "message_start",
      message: { ...message, content: [], stop_reason: null, ...(usage && { usage: started }) },
    },
    ...blocks.flatMap(({ start, delta }, index) => [
      { type: "content_block_start", index, content_block: start },
      { type: "content_block_delta", index, delta },
      { type: "content_block_stop", index },
    ]),
    { type: "message_delta", delta: stopped, ...(usage && { usage: { output_tokens: output } }) },
    { type: "message_stop" },
  ];
}

function toolOf(body: Call["body"], { write, command }: Answer) {
  const names = new Set(listOf(body["tools"]).map((tool) => fieldOf(tool, "name")));
  if (write && names.has("Write"))
    return { name: "Write", input: { file_path: write.path, content: write.content } };
  const shell = write ? writing(write) : command;
  return shell === undefined
    ? undefined
    : { name: "Bash", input: { command: shell, description: "Work" } };
}

function writing({ path, content }: { path: string; content: string }): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  return `mkdir -p "$(dirname ${quoted(path)})" && printf %s ${quoted(content)} > ${quoted(path)}`;
}
