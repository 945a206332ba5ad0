/**
 * Type-checks every TypeScript block of every Markdown file that git knows, each as a module of its own.
 *
 * `deno run -A tools/check_markdown.ts`
 */
import { join } from "@std/path";
import { blocksOf } from "./_markdown_blocks.ts";

const listed = await new Deno.Command("git", { args: ["ls-files", "*.md"] }).output();
const files = new TextDecoder().decode(listed.stdout).split("\n").filter((file) => file !== "");
const folder = await Deno.makeTempDir({ prefix: "shum-markdown-" });
try {
  const paths: string[] = [];
  for (const file of files) {
    for (const { line, code } of blocksOf(await Deno.readTextFile(file))) {
      const path = join(folder, `${file.replaceAll("/", "_")}-line-${line}.ts`);
      await Deno.writeTextFile(path, `${code}\nexport {};\n`);
      paths.push(path);
    }
  }
  if (paths.length === 0) {
    throw new Error("Cannot check Markdown: no block of TypeScript was found");
  }
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--config", "deno.json", ...paths],
    stderr: "piped",
  }).output();
  if (code !== 0) {
    console.error(new TextDecoder().decode(stderr));
    Deno.exit(1);
  }
  console.log(`${paths.length} blocks of TypeScript in ${files.length} Markdown files are sound`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
