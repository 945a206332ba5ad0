const ID = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/;

/**
 * Whether a text can be the id of a hub repository: `name` or `owner/name`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isHubId } from "@shum/models";
 * assertEquals([isHubId("owner/model"), isHubId("./folder")], [true, false]);
 * ```
 */
export function isHubId(text: string): boolean {
  return ID.test(text) && text.length <= 96 && !/--|\.\.|\.git$|[.-]$/.test(text);
}
