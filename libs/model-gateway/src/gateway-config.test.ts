import { writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { openGateway } from "./gateway.ts";
import { KEY, keyFileWith, PRICE } from "./testing/world.ts";

const upstream = (url: string, keyFile = keyFileWith(KEY)) => ({
  upstreams: { messages: { url, keyFile } },
});

test.each<[string, () => Parameters<typeof openGateway>[0], RegExp]>([
  ["http", () => upstream("http://api.example.com"), /must begin with https:/],
  [
    "http on loopback, unless it is a test",
    () => upstream("http://127.0.0.1:1"),
    /must begin with https:/,
  ],
  [
    "http elsewhere, also in a test",
    () => ({ ...upstream("http://10.0.0.1"), allowHttpOnLoopback: true }),
    /must begin with https:/,
  ],
  ["a key in the address", () => upstream("https://u:p@api.example.com"), /without user/],
  ["no address", () => upstream("api.example.com"), /must be an address/],
  [
    "a key that isn't there",
    () => upstream("https://api.example.com", "/nowhere/key"),
    /isn't there/,
  ],
  [
    "a key of two lines",
    () => upstream("https://api.example.com", keyFileWith("a\nb")),
    /one line/,
  ],
  [
    "a key that others may read",
    () => {
      const keyFile = keyFileWith("");
      writeFileSync(`${keyFile}2`, KEY, { mode: 0o644 });
      return upstream("https://api.example.com", `${keyFile}2`);
    },
    /provider's key/,
  ],
  [
    "a price below nothing",
    () => ({ ...upstream("https://a.example"), models: { m: { ...PRICE, input: -1 } } }),
    /models\.m\.input/,
  ],
])("%s isn't taken", (_what, config, says) => {
  expect(() => openGateway(config())).toThrow(says);
  expect(() => openGateway(config())).not.toThrow(KEY);
});
