/**
 * Every example, run as a reader runs it: a picture, a minute, and the property that it states. Too long for the
 * gate; `deno task test:long` runs them.
 */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { ignore } from "./_long.ts";

const root = new URL("../../", import.meta.url);
const names = [...Deno.readDirSync(new URL("examples/", root))]
  .map(({ name }) => name).filter((name) => /^\d\d_\w+\.ts$/.test(name)).sort();

Deno.test("there are ten examples, each under 80 lines, each with its picture in both READMEs", async () => {
  assertEquals(names.length, 10);
  const readmes = await Promise.all(
    ["README.md", "README.uk.md"].map((name) =>
      Deno.readTextFile(new URL(`examples/${name}`, root))
    ),
  );
  let total = 0;
  for (const name of names) {
    const lines = (await Deno.readTextFile(new URL(`examples/${name}`, root))).trimEnd().split(
      "\n",
    );
    assertLess(lines.length, 80, name);
    const picture = `pictures/${name.replace(/\.ts$/, name.startsWith("02") ? ".gif" : ".png")}`;
    for (const readme of readmes) assert(readme.includes(name) && readme.includes(picture), name);
    const { size } = await Deno.stat(new URL(`examples/${picture}`, root));
    assertLess(size, 300_000, picture);
    total += size;
  }
  assertLess(total, 2_500_000);
});

for (const name of names) {
  Deno.test({
    name: `examples/${name} draws its picture and what it states holds`,
    ignore,
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--allow-all", `examples/${name}`, folder],
          cwd: fromFileUrl(root),
          stdout: "piped",
          stderr: "piped",
        }).output();
        const printed = new TextDecoder().decode(stdout);
        assertEquals(code, 0, printed + new TextDecoder().decode(stderr));
        const last = printed.trimEnd().split("\n").at(-1)!;
        const [, value, least] = /^Checked: .+: (\S+) >= (\S+)$/.exec(last) ?? [];
        assert(Number(value) >= Number(least), last);
        const pictures = [...Deno.readDirSync(folder)];
        assertEquals(pictures.length, 1);
        const file = await Deno.readFile(`${folder}/${pictures[0]!.name}`);
        assertEquals(pictures[0]!.name.replace(/\.(png|gif)$/, ".ts"), name);
        const [magic] = new TextDecoder("latin1").decode(file.subarray(0, 4)).match(/PNG|GIF/) ??
          [];
        assertEquals(magic?.toLowerCase(), pictures[0]!.name.slice(-3));
        assertGreater(file.length, 10_000);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
