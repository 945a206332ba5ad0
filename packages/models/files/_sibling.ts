/**
 * The address of a module beside another that is not imported by name: TypeScript in this repository,
 * JavaScript in a package for npm.
 *
 * @param name Without its ending.
 * @param of The address of the module that asks.
 */
export function siblingUrl(name: string, of: string): URL {
  const ending = /\.[a-z]+$/.exec(new URL(of).pathname)![0];
  return new URL(`${name}${ending}`, of);
}
