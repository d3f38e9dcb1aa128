export { type Fold, type JournalMessage, messageOf, type Packed } from "./fold.ts";
export { type Whereabout, type Whereabouts, whereabouts } from "./whereabouts.ts";
