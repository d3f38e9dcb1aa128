/** Prints what the gateway adds to the first byte of a call's answer, over loopback: `node …/measure-first-byte.ts [calls]`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

import { openGateway } from "../gateway.ts";

// As services have it.
setFlagsFromString("--no-parallel-scavenge");

const calls = Number(process.argv[2] ?? 500);
/** As large as Claude Code's first call. */
const body = JSON.stringify({
  model: "m",
  max_tokens: 100,
  messages: [{ role: "user", content: [{ type: "text", text: "word ".repeat(17_000) }] }],
});
const folder = mkdtempSync(join(tmpdir(), "baton-measure-"));
const keyFile = join(folder, "key");
writeFileSync(keyFile, "key", { mode: 0o600 });

const provider = createServer((incoming, response) => {
  incoming.resume().on("end", () => {
    response.setHeader("content-type", "text/event-stream");
    response.write('data: {"type":"message_start","message":{"usage":{"input_tokens":1}}}\n\n');
    response.end('data: {"type":"message_delta","usage":{"output_tokens":1}}\n\n');
  });
});
await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
const bound = provider.address();
const url = `http://127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
const price = { input: 1, cachedInput: 1, output: 1 };
const gateway = openGateway({
  upstreams: { messages: { url, keyFile } },
  models: { m: price },
  allowHttpOnLoopback: true,
});
const attempt = await gateway.open({ budgets: [], record: () => undefined });

const agent = new Agent({ keepAlive: true });
function firstByte(to: { port?: string; socketPath?: string }): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    let at = 0;
    const headers = { "x-api-key": attempt.token };
    const call = request({
      agent,
      ...to,
      host: "127.0.0.1",
      path: "/v1/messages",
      method: "POST",
      headers,
    });
    call.on("error", reject);
    call.on("response", (answer) => {
      answer.once("data", () => (at = performance.now() - start));
      answer.on("end", () => resolve(at));
    });
    call.end(body);
  });
}

const direct: number[] = [];
const through: number[] = [];
const cpu = { direct: 0, through: 0 };
for (let call = -50; call < calls; call += 1) {
  const started = process.cpuUsage();
  const one = await firstByte({ port: new URL(url).port });
  const halfway = process.cpuUsage();
  const other = await firstByte({ socketPath: attempt.socket });
  const ended = process.cpuUsage();
  if (call < 0) continue;
  direct.push(one);
  through.push(other);
  cpu.direct += halfway.user + halfway.system - started.user - started.system;
  cpu.through += ended.user + ended.system - halfway.user - halfway.system;
}
const at = (times: number[], share: number): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length * share)] ?? 0;
for (const share of [0.5, 0.95])
  process.stdout.write(
    `p${share * 100}: direct ${at(direct, share).toFixed(2)} ms, through ${at(through, share).toFixed(2)} ms, ` +
      `added ${(at(through, share) - at(direct, share)).toFixed(2)} ms\n`,
  );
const each = (micros: number): string => (micros / 1000 / calls).toFixed(2);
process.stdout.write(
  `processor time of a call: direct ${each(cpu.direct)} ms, through ${each(cpu.through)} ms\n`,
);
await gateway.close();
agent.destroy();
provider.close();
rmSync(folder, { recursive: true });
