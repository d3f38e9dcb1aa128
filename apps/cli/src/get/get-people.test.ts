import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { ensureKeyFile } from "../key-file.ts";
import { baton } from "../testing/run-baton.ts";

test("get people lists the registry, says who you are, and what to do if you aren't in it", async () => {
  const folder = temporaryFolder("get-people");
  onTestFinished(() => folder.remove());
  const key = (name: string) =>
    ensureKeyFile(join(folder.path, name), { name, fallback: name }).key.publicKey;
  const [ann, bob] = [key("ann"), key("bob")];
  const file = join(folder.path, "people.yaml");
  const ask = (who: string, ...options: string[]) =>
    baton(["get", "people", "--people", file, ...options], {
      cwd: folder.path,
      env: { BATON_KEY_FILE: join(folder.path, who) },
    });
  writeFileSync(file, `- { name: ann, publicKey: ${ann}, roles: [risk, ops] }\n`);
  expect((await ask("bob")).stdout).toMatch(
    new RegExp(`ann +risk, ops +- +${ann}\\nYour key ${bob} isn't registered: `),
  );
  writeFileSync(
    file,
    `- { name: bob, publicKey: ${bob}, roles: [] }\n- { name: ann, publicKey: ${ann}, roles: [] }\n`,
  );
  const { code, stdout } = await ask("bob", "-o", "json");
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    [
      { name: "ann", roles: [], publicKey: ann, yours: false },
      { name: "bob", roles: [], publicKey: bob, yours: true },
    ],
  ]);
  writeFileSync(
    file,
    `- { name: bob, publicKey: ${bob}, roles: [] }\n- { name: b0b, publicKey: ${ann}, roles: [] }\n`,
  );
  expect(await ask("bob")).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('"b0b" can\'t be told from "bob"'),
  });
});
