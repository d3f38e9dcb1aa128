/** The reader's token of services that a test starts. */
export const READ_TOKEN = "reader-of-a-test-0123456789abcdef";

/** What a request of a reader's has. */
export const AS_READER = { headers: { authorization: `Bearer ${READ_TOKEN}` } } as const;
