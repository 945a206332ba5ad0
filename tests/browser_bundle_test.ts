// What draws in a browser must be bundled for one: no module of the platform is reached by an import that
// a bundler follows, and none is named but where the platform's own half lies.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const root = fromFileUrl(new URL("../", import.meta.url));

for (const name of ["models", "pipelines"]) {
  Deno.test(`@shum/${name} is bundled for a browser without a module of Node's or a native engine`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const bundle = join(folder, "bundle.js");
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          "bundle",
          "--quiet",
          "--platform",
          "browser",
          "-o",
          bundle,
          `packages/${name}/mod.ts`,
        ],
        cwd: root,
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const text = await Deno.readTextFile(bundle);
      assert(text.includes("openDenoiser"), "the bundle is not the package");
      const named = text.split("\n").filter((line) => /node:|onnxruntime-node/.test(line));
      assertEquals(named, []);
      // One import is left to be followed while running, and a bundler cannot tell where it leads.
      const imports = text.split("\n").filter((line) => /^import |\bimport\(/.test(line));
      assertEquals(imports.map((line) => line.trim()), [
        'return loading ??= import(siblingUrl("node", import.meta.url).href);',
      ]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("only the rooms of the platform name it", async () => {
  const platform = /^packages\/models\/(engine\/(node|web)|files|hub|repository|testing)\//;
  const named: string[] = [];
  for (const name of ["guidance", "models", "pipelines", "schedulers"]) {
    for await (const path of sources(`packages/${name}`)) {
      if (platform.test(path)) continue;
      const text = (await Deno.readTextFile(join(root, path)))
        .replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*/gm, "");
      if (/"node:|"onnxruntime-|\bDeno\.|\bprocess\.env\b/.test(text)) named.push(path);
    }
  }
  assertEquals(named, []);
});

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) yield `${folder}/${name}`;
  }
}
