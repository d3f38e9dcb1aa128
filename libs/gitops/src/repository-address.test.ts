import { expect, test } from "vitest";

import { repositoryAddress } from "./repository-address.ts";

test.each([
  ["file:///srv/%0aevil", "it holds a control character"],
  ["file:///srv/%00evil", "it holds a control character"],
  ["file:///srv/%zz", "its percent signs can't be decoded"],
  ["/srv/git\nops", "it holds a control character"],
])("%j is refused, whatever its percent signs hide", (address, rule) => {
  expect(() => repositoryAddress(address)).toThrow(rule);
});

test("a file URL is the path that it names", () => {
  expect(repositoryAddress("file:///srv/git%20ops").path).toBe("/srv/git ops");
});
