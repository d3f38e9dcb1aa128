import { openSandbox, type Sandbox } from "@baton/sandbox";

/** The sandbox of tests; none where there can't be one, which the preparation of the tests has said. */
export function testSandbox(): Promise<Sandbox> {
  return openSandbox({ setting: process.env["BATON_SANDBOX"] === "off" ? "off" : "required" });
}
