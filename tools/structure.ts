/**
 * The structure of the tree, counted: files, lines of code, arrows between folders, longest chain of
 * imports, circles. Types count as imports. Fails if files import each other in a circle, or if a
 * dependency runs against apps → pipelines → models, guidance → schedulers.
 *
 * `deno run -A tools/structure.ts [--arrows]`
 */
import { parseArgs } from "@std/cli/parse-args";
import { relative } from "@std/path";

const FOLDERS = ["packages", "apps", "examples"];
const root = new URL("../", import.meta.url);

/** What each package may import; apps may import everything below them. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  "packages/schedulers": [],
  "packages/guidance": ["packages/schedulers"],
  "packages/models": ["packages/schedulers"],
  "packages/pipelines": ["packages/schedulers", "packages/guidance", "packages/models"],
};

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** The TypeScript files below a folder that are not tests. */
async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (/^(testdata|node_modules|dist)$/.test(name)) continue;
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (/\.tsx?$/.test(name) && !/_(test|bench)\.ts$/.test(name)) yield new URL(name, folder);
  }
}

/** Imports among the files, by path from the root. */
async function readImports(files: readonly URL[]): Promise<Map<string, readonly string[]>> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(entry, files.map(({ href }) => `import "${href}";\n`).join(""));
    const config = new URL("deno.json", root).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", config, entry],
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: ModuleInfo[] };
    const own = new Set(files.map(({ href }) => href));
    const name = (href: string) => relative(root.pathname, new URL(href).pathname);
    return new Map(
      modules.filter(({ specifier }) => own.has(specifier)).map(({ specifier, dependencies }) => {
        const targets = (dependencies ?? []).flatMap(({ code, type }) => [
          code?.specifier,
          type?.specifier,
        ]).filter((target) => target !== undefined && own.has(target) && target !== specifier);
        return [name(specifier), [...new Set(targets)].map((target) => name(target!))];
      }),
    );
  } finally {
    await Deno.remove(entry);
  }
}

/** Sets of files that reach each other, by Tarjan's algorithm. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>(), low = new Map<string, number>();
  const stack: string[] = [], found: string[][] = [];
  const visit = (file: string) => {
    order.set(file, order.size);
    low.set(file, order.get(file)!);
    stack.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!));
    }
    if (low.get(file) !== order.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle);
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return found;
}

/** The longest way from a file down its imports; circles must be gone. */
function longestChain(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const known = new Map<string, readonly string[]>();
  const from = (file: string): readonly string[] => {
    const cached = known.get(file);
    if (cached) return cached;
    known.set(file, [file]);
    let longest: readonly string[] = [];
    for (const next of imports.get(file) ?? []) {
      const chain = from(next);
      if (chain.length > longest.length) longest = chain;
    }
    const chain = [file, ...longest];
    known.set(file, chain);
    return chain;
  };
  return [...imports.keys()].map(from).reduce((a, b) => b.length > a.length ? b : a, []);
}

const folderOf = (file: string) => file.replace(/\/[^/]*$/, "");
/** `packages/x`, `apps/x`, or `examples`, which is one. */
const packageOf = (file: string) =>
  file.split("/").slice(0, file.startsWith("examples/") ? 1 : 2).join("/");

/** Arrows between folders, with the number of imports behind each. */
function arrows(imports: ReadonlyMap<string, readonly string[]>, within = ""): Map<string, number> {
  const counted = new Map<string, number>();
  for (const [file, targets] of imports) {
    for (const target of targets) {
      if (!file.startsWith(within) || !target.startsWith(within)) continue;
      const [from, to] = [folderOf(file), folderOf(target)];
      // A package's face re-exports its rooms; that is no dependency of the rooms.
      if (from === to || /(^|\/)mod\.ts$/.test(file)) continue;
      const arrow = `${from} → ${to}`;
      counted.set(arrow, (counted.get(arrow) ?? 0) + 1);
    }
  }
  return counted;
}

const args = parseArgs(Deno.args, { boolean: ["arrows"] });
const files: URL[] = [];
for (const folder of FOLDERS) {
  const url = new URL(`${folder}/`, root);
  if (await Deno.stat(url).catch(() => undefined)) {
    files.push(...await Array.fromAsync(sources(url)));
  }
}
const imports = await readImports(files);
let lines = 0;
for (const file of files) lines += (await Deno.readTextFile(file)).split("\n").length;

const found = circles(imports);
const between = arrows(imports);
const wrong = [...imports].flatMap(([file, targets]) =>
  targets.filter((target) => {
    const [from, to] = [packageOf(file), packageOf(target)];
    if (from === to) return false;
    return BELOW[from] ? !BELOW[from].includes(to) : to.startsWith("examples");
  }).map((target) => `${file} → ${target}`)
);

console.log(`files                  ${files.length}`);
console.log(`lines                  ${lines}`);
console.log(`imports                ${[...imports.values()].flat().length}`);
console.log(`folders                ${new Set([...imports.keys()].map(folderOf)).size}`);
console.log(`arrows between folders ${between.size}`);
for (const name of [...new Set([...imports.keys()].map(packageOf))].sort()) {
  const inside = [...imports.keys()].filter((file) => packageOf(file) === name);
  const most = Math.max(
    ...Map.groupBy(inside, folderOf).values().map((folder) => folder.length),
  );
  console.log(
    `  ${name.padEnd(20)} ${inside.length} files, ${arrows(imports, `${name}/`).size} arrows, ` +
      `largest folder ${most} files`,
  );
}
console.log(`circles                ${found.length}`);
for (const circle of found) console.log(`  ${circle.join(", ")}`);
const chain = longestChain(imports);
console.log(`longest chain          ${chain.length}`);
if (args.arrows) {
  console.log(chain.map((file) => `  ${file}`).join("\n"));
  for (const [arrow, count] of [...between].sort()) console.log(`  ${arrow} (${count})`);
}
for (const arrow of wrong) console.error(`against the direction of dependencies: ${arrow}`);
if (found.length > 0 || wrong.length > 0) Deno.exit(1);
