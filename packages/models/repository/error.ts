/**
 * A model folder that cannot be used: what is missing or damaged, and where it was looked for.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openRepository, RepositoryError } from "@shum/models";
 * const empty = await Deno.makeTempDir();
 * await assertRejects(() => openRepository(empty), RepositoryError, "model_index.json");
 * ```
 */
export class RepositoryError extends Error {
  /** Each thing that is wrong. */
  readonly problems: readonly string[];

  /** Makes an error that lists what is wrong with a model. */
  constructor(message: string, problems: readonly string[] = [], options?: ErrorOptions) {
    super(
      problems.length === 0 ? message : `${message}\n${problems.map((p) => `  - ${p}`).join("\n")}`,
      options,
    );
    this.name = "RepositoryError";
    this.problems = problems;
  }
}
