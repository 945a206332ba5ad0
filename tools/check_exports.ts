/**
 * Checks that each package's `exports` name files that exist, and that `mod.ts` is complete: it exports
 * every module of the folders where each file is one algorithm (`solvers/`, say), and every other
 * module is exported, or imported by one, so that none is forgotten. Names that start with `_` are
 * private.
 *
 * `deno run -A tools/check_exports.ts`
 */
const PACKAGES = ["schedulers", "guidance", "models", "pipelines"];
/** Folders of which every module is public. */
const COMPLETE = ["./solvers/", "./spacing/", "./schedules/", "./tasks/"];
const root = new URL("../packages/", import.meta.url);

const problems: string[] = [];
for (const name of PACKAGES) {
  const folder = new URL(`${name}/`, root);
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", folder)));
  for (const key of ["name", "version", "license", "exports"]) {
    if (config[key] === undefined) problems.push(`packages/${name}/deno.json: no "${key}"`);
  }
  for (const [key, path] of Object.entries<string>(config.exports ?? {})) {
    const file = await Deno.stat(new URL(path, folder)).catch(() => undefined);
    if (!file?.isFile) {
      problems.push(`packages/${name}/deno.json: exports["${key}"] is missing: ${path}`);
    }
  }
  const mod = await Deno.readTextFile(new URL("mod.ts", folder));
  const exported = new Set([...mod.matchAll(/from "(\.\/[^"]+)"/g)].map((match) => match[1]));
  const subpaths = new Set(Object.values<string>(config.exports ?? {}));
  const all = await Array.fromAsync(modules(folder, "./"));
  const paths = all.filter((path) => !/\/_[^/]*$/.test(path));
  const imported = new Set<string>();
  for (const path of all) {
    const text = await Deno.readTextFile(new URL(path, folder));
    for (const [, fixed, lazy] of text.matchAll(/from "(\.[^"]+)"|import\("(\.[^"]+)"\)/g)) {
      imported.add(new URL((fixed ?? lazy)!, new URL(path, folder)).href);
    }
  }
  for (const path of paths) {
    if (path === "./mod.ts" || exported.has(path) || subpaths.has(path)) continue;
    if (COMPLETE.includes(path.replace(/[^/]*$/, ""))) {
      problems.push(`packages/${name}/mod.ts: does not export "${path}"`);
    } else if (!imported.has(new URL(path, folder).href)) {
      problems.push(`packages/${name}: nothing imports "${path}"`);
    }
  }
}

/** The modules below a folder, as `./sub/file.ts`. */
async function* modules(folder: URL, prefix: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name === "testdata" || name === "testing") continue;
    if (isDirectory) yield* modules(new URL(`${name}/`, folder), `${prefix}${name}/`);
    else if (name.endsWith(".ts") && !/_(test|bench|entry)\.ts$/.test(name)) {
      yield prefix + name;
    }
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) Deno.exit(1);
console.log(`exports of ${PACKAGES.length} packages are complete`);
