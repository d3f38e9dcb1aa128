/**
 * Names of people: what one may be written with, and which two would be read as one.
 *
 * P1: a name is in one script, of letters that a keyboard has; nothing in it is invisible, and it is its own NFKC form.
 * P2: two names that a reader would take for one another are one person's, whatever each is made of. P1 leaves only whole
 *     names in another script, letters like 1 and l or cl and d, and case for that, so a small table is enough.
 * P3: signs, blanks and accents make no second person: whoever is `o'neil` could register as `oneil` as well. Two people who are
 *     taken for one need another name each; one who is taken for two could approve alone.
 */

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
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{C}\p{Zl}\p{Zp}]/u;

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

/** Characters that look alike; the first one stands for all. Case counts: Greek Η is an H, η an n. */
const ALIKE = [
  "aаαа",
  "AАΑԱ",
  "b8ЬьƄ",
  "BВΒ",
  "cс",
  "CСϹ",
  "dԁժđð",
  "eеҽε",
  "EЕΕ",
  "gց",
  "hһհħ",
  "HНΗн",
  "jјյ",
  "JЈ",
  "kкκҝ",
  "KКΚ",
  "lIi1|!ıłіІιΙӀӏ\u05d5\u05df\u0627丨\u0661\u06f1",
  "mм",
  "MМΜ",
  "nηпոռ",
  "NΝ",
  "oO0øоОοΟσօՕ\u05e1\u0647\u06d5\u0966\u09e6\u0a66\u0ae6\u0b20\u0b66\u0be6\u0c66\u0ce6\u0d20\u0d66\u101d\u1040\u0e50\u0ed0\u12d0\u17e0\u3007",
  "pрρ",
  "PРΡ",
  "qԛզգ",
  "rг",
  "sS5ѕЅՏ",
  "tтτŧ",
  "TТΤ",
  "uυսц",
  "UՍ",
  "vνѵ",
  "wԝωѡա",
  "xхχ",
  "XХΧ",
  "yуγү",
  "YУΥҮ",
  "zZ2ζΖ",
  "3зЗ",
  "6б",
  "fք",
  "LԼ",
  "ニ二",
  "ロ口",
  "カ力",
  "エ工",
  "タ夕",
  "ト卜",
  "ハ八",
  "ミ三",
  "チ千",
  "へヘ",
  "りリ",
  "كک",
  "يیى",
];
const LOOK = new Map(
  ALIKE.flatMap((row) => {
    const [first = "", ...others] = row;
    return others.map((one) => [one, first] as const);
  }),
);

/** True if one reader would take the two names for one person's (P2, P3): case, blanks, signs, accents and what characters are made of don't count. */
export function isSamePerson(one: string, other: string): boolean {
  const looks = looksOf(one);
  return looksOf(other).some((look) => looks.includes(look));
}

/** Accents that are laid over a letter; the vowel signs of other scripts are letters of their own. */
const ACCENT = /[\u0300-\u036f]/gu;
const SIGN = /[^\p{L}\p{M}\p{N}]/gu;
/** The same, but for those that stand for a letter. */
const PLAIN_SIGN = /[^\p{L}\p{M}\p{N}|!]/gu;

/** A name as it looks: as it is written, in small and in capital letters, its `|` and `!` read as letters or as signs. */
function looksOf(name: string): readonly string[] {
  const plain = name.normalize("NFKC");
  return [plain, plain.toLowerCase(), plain.toUpperCase()].flatMap((written) => [
    lookOf(written, SIGN),
    lookOf(written, PLAIN_SIGN),
  ]);
}

function lookOf(name: string, signs: RegExp): string {
  const letters = Array.from(name.normalize("NFKD"), (one) => (UNSEEN.test(one) ? "" : one))
    .join("")
    .replaceAll(ACCENT, "")
    .replaceAll(signs, "")
    // Before l and i become one: no i looks like the right half of a d.
    .replaceAll(/[cсϲ][lI1|ІΙӀӏ]/gu, "d")
    .replaceAll("æ", "ae")
    .replaceAll("œ", "oe");
  return Array.from(letters, (one) => LOOK.get(one) ?? one)
    .join("")
    .toLowerCase()
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}
