/**
 * The form that every message of ours has: `Cannot <do something>: <why>`. Engines also begin with
 * "Cannot", but have no colon, unless they quote a name with one.
 */
const SENTENCE = /^Cannot [a-z][^]*?:(\s|$)/;
const OF_ENGINE =
  /^Cannot (?:(?:read|set|delete|define|redefine|add) (?:private )?(?:propert|member|method)|assign to |convert (?:an? |undefined|object)|destructure |mix BigInt|access '|create (?:propert|proxy)|find (?:module|package) |use '?(?:in|new)'? |perform |invoke )/;

/** Whether a message was written by this repository, for people, and not by an engine. */
export function isSentence(message: string): boolean {
  return SENTENCE.test(message) && !OF_ENGINE.test(message);
}
