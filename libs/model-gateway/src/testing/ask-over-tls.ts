/** A process that trusts what NODE_EXTRA_CA_CERTS says: asks by way of a gateway, prints what came of it. */
import { openGateway } from "../gateway.ts";

const [url = "", keyFile = ""] = process.argv.slice(2);
const gateway = openGateway({
  upstreams: { messages: { url, keyFile } },
  otherModels: { input: 1, cachedInput: 1, output: 1 },
});
const facts: unknown[] = [];
const attempt = await gateway.open({
  budgets: [],
  record: (fact) => void facts.push(fact),
  loopback: true,
});
const statuses: number[] = [];
for (const _ of [1, 2]) {
  const answer = await fetch(`${attempt.url ?? ""}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": attempt.token },
    body: JSON.stringify({ model: "m", max_tokens: 1, messages: [] }),
  });
  await answer.text();
  statuses.push(answer.status);
}
await gateway.close();
process.stdout.write(JSON.stringify({ statuses, facts }));
