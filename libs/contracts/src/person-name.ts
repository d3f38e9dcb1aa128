/**
 * Names of people: what one may be written with, and which two would be read as one.
 *
 * P1: a name is in one script, of letters that a keyboard has; nothing in it is invisible, and it is its own NFKC form.
 * P2: two names that a reader would take for one another are one person's, whatever each is made of (look-alike.ts).
 * P3: signs, blanks and accents make no second person: whoever is `o'neil` could register as `oneil` as well. Two people who are
 *     taken for one need another name each; one who is taken for two could approve alone.
 */
import { looksOf, UNSEEN } from "./look-alike.ts";

/** Letters of each script; of those that are most like one another only what living languages write. */
const LETTERS = [
  "A-Za-zÀ-ÖØ-öø-ņŊ-žƏəƠơƯưǍ-ǜǦ-ǩǪǫȘ-țẀ-ẅẞẠ-ỹ",
  String.raw`\u0400-\u045f\u0490-\u04bf\u04c1-\u04ce\u04d0-\u04f9`,
  String.raw`\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u1f00-\u1fff`,
  // Written together in Japanese, Chinese and Korean.
  String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー・`,
  String.raw`\p{Script=Han}\p{Script=Bopomofo}`,
  String.raw`\p{Script=Han}\uac00-\ud7a3`,
  ...(
    "Arabic Armenian Bengali Devanagari Ethiopic Georgian Gujarati Gurmukhi Hebrew Kannada Khmer Lao " +
    "Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan"
  )
    .split(" ")
    .map((script) => String.raw`\p{Script=${script}}`),
];
/** What names in every script may have: ASCII but for its letters, an apostrophe, a middle dot. */
const COMMON = String.raw` -@\[-\x60{-~’·`;
const ONE_SCRIPT = new RegExp(
  `^(?:${LETTERS.map((letters) => `[${letters}${COMMON}]+`).join("|")})$`,
  "u",
);
const ASCII = /^[ -~]+$/;
/** None of the symbols of other scripts. */
const WRITTEN = /^[\p{L}\p{M}\p{N}\p{P} -~]+$/u;

const MAX_NAME = 120;

/** What `isPlainName` asks for, in words. */
export const NAME_RULE = `1 to ${MAX_NAME} printable characters with a letter or digit among them, of one script, none of them invisible or a variant of another`;

/** True if `name` can be told from others by reading it (P1). */
export function isPlainName(name: string): boolean {
  if (name.length > MAX_NAME || !/[\p{L}\p{N}]/u.test(name)) return false;
  if (ASCII.test(name)) return true;
  return (
    name.normalize("NFKC") === name &&
    WRITTEN.test(name) &&
    !UNSEEN.test(name) &&
    ONE_SCRIPT.test(name)
  );
}

/** True if one reader would take the two names for one person's (P2, P3): case, blanks, signs, accents and what characters are made of don't count. */
export function isSamePerson(one: string, other: string): boolean {
  const looks = looksOf(one);
  return looksOf(other).some((look) => looks.includes(look));
}
