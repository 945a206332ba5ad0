import type { Random } from "./random.ts";

/** Where a case may write; everything beside it is watched. */
export interface Place {
  /** An empty folder of the case's own. */
  readonly folder: string;
  /** A file outside of it that nobody may touch. */
  readonly victim: string;
}

/** One hostile input, and what reads it. */
export interface Case {
  /** What it is, in a few words. */
  readonly what: string;
  /** Each is run; what it throws is what a user would be told of. */
  readonly reads: readonly (() => unknown)[];
}

/** A kind of files, or of answers. */
export interface Kind {
  readonly name: string;
  make(random: Random, place: Place): Promise<Case>;
}
