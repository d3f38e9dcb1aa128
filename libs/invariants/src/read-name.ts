/** Names as a reader sees them; on its own, as everything here: a rougher rule than the services' must come to no other count. */

/** Letters and digits that are taken for another one. */
const ALIKE = new Map(
  "аa сc еe оo рp хx уy іl ѕs вb кk мm тt οo αa νv 0o 1l il 5s"
    .split(" ")
    .map(([one = "", other = ""]) => [one, other] as const),
);

/** The name without what can't be seen, in small letters, look-alikes as one. */
export function readName(name: string): string {
  const small = name.normalize("NFKD").toUpperCase().toLowerCase();
  const letters = Array.from(small).filter((one) => /[\p{L}\p{N}\p{P}\p{S} ]/u.test(one));
  return letters
    .filter((one) => !/\p{Default_Ignorable_Code_Point}/u.test(one))
    .map((one) => ALIKE.get(one) ?? one)
    .join("")
    .trim()
    .replaceAll(/ +/g, " ");
}
