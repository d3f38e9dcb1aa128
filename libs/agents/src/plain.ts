/** Any program: it says how it ended by its exit code, and what it did by what it delivers. */
import type { Adapter } from "./adapter.ts";

export const plain: Adapter = {
  agent: "plain",
  speaks: false,
  command: ({ prompt, reached }) => ({
    args: [],
    env: {
      BATON_JOB: "job.json",
      BATON_TASK: prompt,
      ...(reached && { BATON_MODEL_URL: reached.url, BATON_MODEL_TOKEN: reached.token }),
    },
  }),
  told: () => ({}),
};
