/**
 * What the four packages export, by name. A name that comes or goes is a change for whoever uses
 * them: it is written into the list by
 *
 * `SHUM_UPDATE_API=1 deno test -A tests/public_api_test.ts`
 *
 * @module
 */
import { assertEquals } from "@std/assert";

const LIST = new URL("fixtures/public_api.json", import.meta.url);

interface DocNode {
  readonly name: string;
  readonly declarations?: readonly { readonly kind: string }[];
}

/** The exported names of a package and the kind of each, in alphabetical order. */
async function exportsOf(name: string): Promise<Record<string, string>> {
  const module = new URL(`../packages/${name}/mod.ts`, import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", module],
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const symbols = Object.values<{ symbols?: DocNode[] }>(nodes).flatMap(({ symbols = [] }) =>
    symbols
  );
  const names = symbols.map(({ name, declarations = [] }): [string, string] => [
    name,
    [...new Set(declarations.map(({ kind }) => kind))].sort().join(" "),
  ]);
  return Object.fromEntries(names.sort(([a], [b]) => a < b ? -1 : 1));
}

const packages = ["schedulers", "guidance", "models", "pipelines"];

if (Deno.env.get("SHUM_UPDATE_API")) {
  const entries = await Promise.all(packages.map(async (name) => [name, await exportsOf(name)]));
  const text = JSON.stringify(Object.fromEntries(entries), null, 2);
  await Deno.writeTextFile(LIST, `${text}\n`);
}
const listed = JSON.parse(await Deno.readTextFile(LIST));

for (const name of packages) {
  Deno.test(`packages/${name} exports the names that fixtures/public_api.json lists`, async () => {
    assertEquals(await exportsOf(name), listed[name]);
  });
}
