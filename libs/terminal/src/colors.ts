import { isatty } from "node:tty";

import { createColors } from "picocolors";

/** Colours on a terminal whose owner wants them, nowhere else: output that is piped or captured stays plain, in CI too. */
const wanted = isatty(1) && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";

export const colors = createColors(wanted);
