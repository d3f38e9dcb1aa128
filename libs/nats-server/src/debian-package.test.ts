import { expect, test } from "vitest";

import { mirrorsOf } from "./debian-package.ts";

const uris = (...repositories: string[]): string =>
  repositories
    .flatMap((at) => [
      `'${at}/InRelease' file_InRelease 0 `,
      `'${at}/main/binary-amd64/Packages.xz' file_Packages 0 `,
    ])
    .join("\n");

test("the machine's own mirror comes before Debian's", () => {
  const machine = uris(
    "http://mirror.example/debian/dists/bookworm",
    "http://mirror.example/debian/dists/bookworm-updates",
    "http://mirror.example/debian-security/dists/bookworm-security",
  );
  expect(mirrorsOf(machine)).toEqual([
    "http://mirror.example/debian",
    "http://deb.debian.org/debian",
  ]);
});

test("repositories of others are asked after the one that looks like Debian's", () => {
  const machine = uris(
    "https://packages.example/graphs/dists/stable",
    "https://packages.example/node/dists/nodistro",
    "http://mirror.example/debian/dists/trixie",
  );
  expect(mirrorsOf(machine)).toEqual([
    "http://mirror.example/debian",
    "https://packages.example/graphs",
    "http://deb.debian.org/debian",
  ]);
});

test("without apt sources that name a Debian release there's still Debian's own address", () => {
  expect(mirrorsOf("")).toEqual(["http://deb.debian.org/debian"]);
  expect(mirrorsOf(uris("http://archive.example/ubuntu/dists/noble"))).toEqual([
    "http://deb.debian.org/debian",
  ]);
});
