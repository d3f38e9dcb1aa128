export { isSigned, keyOf, type Signer, signerOf } from "./keys.ts";
export { parsePeople, type People, type Person, PeopleFault, readPeople } from "./registry.ts";
