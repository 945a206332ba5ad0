/**
 * Checks the Python of this repository (training, fixtures, peers to compare with) by ruff, which
 * comes as WebAssembly: no Python is needed.
 *
 * `deno run -A tools/check_python.ts [--fix]`; `--fix` formats, the rest is mended by hand.
 */
import { parseArgs } from "@std/cli/parse-args";
import { basename, relative } from "@std/path";
import { PositionEncoding, Workspace } from "npm:@astral-sh/ruff-wasm-nodejs@0.17.4";

const root = new URL("../", import.meta.url);
const { fix } = parseArgs(Deno.args, { boolean: ["fix"] });

async function* pythonFiles(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (/^(\.|node_modules$|runs$|__pycache__$)/.test(name)) continue;
    if (isDirectory) yield* pythonFiles(new URL(`${name}/`, folder));
    else if (name.endsWith(".py")) yield new URL(name, folder);
  }
}

const files = await Array.fromAsync(pythonFiles(root));
const workspace = new Workspace({
  "line-length": 120,
  "indent-width": 4,
  "target-version": "py311",
  lint: {
    select: ["E", "F", "W", "I", "B", "UP", "SIM", "RUF"],
    // Multiplication signs and Cyrillic are what is meant; zip is used on lists of one length.
    ignore: ["RUF001", "RUF002", "RUF003", "B905"],
    isort: { "known-first-party": files.map(({ pathname }) => basename(pathname, ".py")) },
  },
}, PositionEncoding.Utf16);

let problems = 0;
for (const file of files) {
  const path = relative(root.pathname, file.pathname);
  const text = await Deno.readTextFile(file);
  const formatted = workspace.format(text);
  if (formatted !== text && fix) await Deno.writeTextFile(file, formatted);
  else if (formatted !== text) {
    console.error(`${path}: not formatted; run deno run -A tools/check_python.ts --fix`);
    problems++;
  }
  for (const { code, message, start_location: at } of workspace.check(formatted)) {
    console.error(`${path}:${at.row}:${at.column}: ${code ?? "syntax"} ${message}`);
    problems++;
  }
}
if (problems > 0) Deno.exit(1);
console.log(`${files.length} Python files are in order`);
