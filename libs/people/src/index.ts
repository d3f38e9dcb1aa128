export { isSigned, keyOf, type Signer, signerOf } from "./keys.ts";
export { parsePeople, type People, type Person, PeopleFault, readPeople } from "./registry.ts";
export { followRegistry } from "./follow-registry.ts";
export { type HeldAgainst, type SaidOfCommand, signedCommand } from "./signed-command.ts";
