import { assertEquals } from "@std/assert";
import { blocksOf } from "./_markdown_blocks.ts";

Deno.test("blocksOf() finds TypeScript, its line, and what it takes for granted", () => {
  const text = [
    "# Title",
    "```sh",
    "ls",
    "```",
    "```ts",
    "const a = 1;",
    "```",
    "Text",
    "",
    "<!-- given: declare const x: number; -->",
    "",
    "```typescript",
    "console.log(x);",
    "```",
    "- item",
    "  ```ts",
    "  const b = 2;",
    "  ```",
  ].join("\n");
  assertEquals(blocksOf(text), [
    { line: 6, code: "\nconst a = 1;\n" },
    { line: 13, code: "declare const x: number;\nconsole.log(x);\n" },
    { line: 17, code: "\nconst b = 2;\n" },
  ]);
});

Deno.test("the README's first TypeScript opens a model and reads its first picture", async () => {
  const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
  const [first, second] = blocksOf(readme);
  assertEquals(/fromPretrained/.test(first!.code) && /image\.width/.test(first!.code), true);
  assertEquals(/declare function model/.test(second!.code), true);
});
