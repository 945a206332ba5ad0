// Not by way of the whole package, which takes a while to load: a wrong flag is answered at once.
import { nearest } from "../../../packages/schedulers/config/_nearest.ts";

/** `; did you mean X?`, or nothing. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const name = nearest(word, names);
  return name === undefined ? "" : `; did you mean ${name}?`;
}
