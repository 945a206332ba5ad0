/**
 * Builds the packages for npm: JavaScript and declarations by TypeScript's own compiler, package.json,
 * README and licence, as `out/npm/shum-models-0.1.0.tgz` and so on, which `npm install` takes.
 *
 * `deno pack` does not serve: it leaves out the types of private modules, the dependencies on each other
 * and on the engine, and the module of the engine's thread, which nothing imports.
 *
 * `deno task pack [--out folder]`
 */
import { parseArgs } from "@std/cli/parse-args";
import { dirname, join } from "@std/path";

const TYPESCRIPT = "npm:typescript@5.9.3";
/** What npm says of each; they are packed in this order. */
const PACKAGES: Readonly<Record<string, string>> = {
  schedulers: "Diffusion samplers as plans: solvers, noise schedules, spacings",
  guidance: "Guidance for diffusion models: classifier-free and its successors",
  models: "The networks of diffusion models: tokenizers, encoders, denoisers, autoencoders",
  pipelines: "From a prompt, an image, a class or nothing to images",
};
const root = new URL("../", import.meta.url).pathname;

interface Config {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(path));
}

/** The modules of a package that are published, as paths in it. */
async function* modules(folder: string, prefix = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    if (isDirectory && name !== "testdata" && name !== "testing") {
      yield* modules(folder, `${prefix}${name}/`);
    } else if (/\.ts$/.test(name) && !/_(test|bench)\.ts$/.test(name)) yield prefix + name;
  }
}

async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd })
    .output();
  const text = new TextDecoder();
  if (!success) {
    throw new Error(`${command} ${args.join(" ")}:\n${text.decode(stdout)}${text.decode(stderr)}`);
  }
}

/** What the modules import by name, with the versions of this repository. */
async function dependencies(sources: readonly string[]): Promise<Record<string, string>> {
  const { imports } = await readJson<{ imports: Record<string, string> }>(join(root, "deno.json"));
  const found: Record<string, string> = {};
  for (const text of sources) {
    const code = text.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*/gm, "");
    for (const [, name] of code.matchAll(/\b(?:from|import)\s*\(?"((?:@[\w-]+\/)?[\w-]+)"/g)) {
      found[name!] = name!.startsWith("@shum/")
        ? (await readJson<Config>(join(root, "packages", name!.slice(6), "deno.json"))).version
        : imports[name!]!.replace(/^.*@/, "");
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => a < b ? -1 : 1));
}

/** What only some of a module's readers need, such as pages: imported by a path inside it. */
async function optionalPeers(sources: readonly string[]) {
  const { imports } = await readJson<{ imports: Record<string, string> }>(join(root, "deno.json"));
  const found: Record<string, string> = {};
  for (const text of sources) {
    for (
      const [, path, name] of text.matchAll(/^import .* from "((onnxruntime-[\w-]+)\/[\w-]+)"/gm)
    ) {
      found[name!] = /@([^/]+)/.exec(imports[path!]!)![1]!;
    }
  }
  if (Object.keys(found).length === 0) return {};
  const optional = Object.keys(found).map((name) => [name, { optional: true }]);
  return { peerDependencies: found, peerDependenciesMeta: Object.fromEntries(optional) };
}

/** Compiles a package from a copy of its sources. */
async function compile(from: string, files: readonly string[], to: string): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    for (const file of files) {
      await Deno.mkdir(dirname(join(scratch, "src", file)), { recursive: true });
      await Deno.copyFile(join(from, file), join(scratch, "src", file));
    }
    const config = {
      compilerOptions: {
        target: "es2024", // lowers `using`, which not every browser has
        lib: ["esnext", "dom"],
        module: "esnext",
        moduleResolution: "bundler",
        rewriteRelativeImportExtensions: true,
        declaration: true,
        // `deno check` has done that, with the types of Deno. Declarations need none: exports say theirs.
        noCheck: true,
        verbatimModuleSyntax: true,
        types: [],
        rootDir: "src",
        outDir: to,
      },
      include: ["src"],
    };
    await Deno.writeTextFile(join(scratch, "tsconfig.json"), JSON.stringify(config));
    await run(Deno.execPath(), ["run", "--allow-all", `${TYPESCRIPT}/tsc`, "-p", "."], scratch);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Packs one package; the path of its archive. */
async function pack(name: string, description: string, out: string): Promise<string> {
  const from = join(root, "packages", name);
  const { version, exports } = await readJson<Config>(join(from, "deno.json"));
  const files = await Array.fromAsync(modules(from));
  const scratch = await Deno.makeTempDir();
  try {
    const folder = join(scratch, "package");
    await compile(from, files, folder);
    for await (const file of modules(folder)) {
      if (!file.endsWith(".d.ts")) continue;
      // The compiler leaves these as they are, and tools that know only JavaScript's names fail.
      const text = await Deno.readTextFile(join(folder, file));
      await Deno.writeTextFile(
        join(folder, file),
        text.replaceAll(/((?:from|import\()\s*"\.[^"]*)\.ts"/g, '$1.js"'),
      );
    }
    const entries = Object.entries(exports).map(([key, path]) => {
      const stem = path.replace(/\.ts$/, "");
      return [key, { types: `${stem}.d.ts`, default: `${stem}.js` }];
    });
    const sources = await Promise.all(files.map((file) => Deno.readTextFile(join(from, file))));
    const manifest = {
      name: `@shum/${name}`,
      version,
      description,
      license: "MIT",
      type: "module",
      sideEffects: false,
      engines: { node: ">=24" },
      exports: Object.fromEntries(entries),
      dependencies: await dependencies(sources),
      ...await optionalPeers(sources),
    };
    await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(manifest, null, 2));
    await Deno.writeTextFile(
      join(folder, "README.md"),
      `# @shum/${name}\n\n${description}. Part of Shum, diffusion models for TypeScript; ` +
        `runs in Node 24, Bun and Deno.\n`,
    );
    await Deno.copyFile(join(root, "LICENSE"), join(folder, "LICENSE"));
    const archive = join(out, `shum-${name}-${version}.tgz`);
    await run("tar", ["czf", archive, "package"], scratch);
    return archive;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Packs all packages into a folder; the paths of the archives. */
export async function packAll(out: string): Promise<readonly string[]> {
  await Deno.mkdir(out, { recursive: true });
  const archives: string[] = [];
  for (const [name, description] of Object.entries(PACKAGES)) {
    archives.push(await pack(name, description, out));
  }
  return archives;
}

if (import.meta.main) {
  const { out } = parseArgs(Deno.args, {
    string: ["out"],
    default: { out: join(root, "out", "npm") },
  });
  for (const archive of await packAll(out)) console.log(archive);
}
