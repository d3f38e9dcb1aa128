export { type Fold, type JournalMessage, messageOf, type Packed } from "./fold.ts";
export { type Standing, type Standings, standings } from "./standings.ts";
export { type Place, type TakenReport, type Work, work } from "./work.ts";
export { type Whereabout, type Whereabouts, whereabouts } from "./whereabouts.ts";
