/**
 * Points `@std/assert`, `@std/cli/parse-args` and `@std/path` at JSR, or back at the modules in `std/`.
 *
 *     deno run --allow-read --allow-write tools/use_jsr_std.ts           # JSR
 *     deno run --allow-read --allow-write tools/use_jsr_std.ts --local   # std/
 *
 * @module
 */

const JSR: Readonly<Record<string, string>> = {
  "@std/assert": "jsr:@std/assert@^1.0.0",
  "@std/cli/parse-args": "jsr:@std/cli@^1.0.0/parse-args",
  "@std/path": "jsr:@std/path@^1.0.0",
};
const LOCAL: Readonly<Record<string, string>> = {
  "@std/assert": "./std/assert.ts",
  "@std/cli/parse-args": "./std/cli_parse_args.ts",
  "@std/path": "./std/path.ts",
};

/** Rewrites the three entries of an import map, leaving every other byte of the text as it is. */
export function pointStd(configuration: string, at: Readonly<Record<string, string>>): string {
  let text = configuration;
  for (const [name, target] of Object.entries(at)) {
    const entry = new RegExp(`("${name}"\\s*:\\s*)"[^"]*"`);
    if (!entry.test(text)) {
      throw new RangeError(`Cannot point "${name}": deno.json does not map it`);
    }
    text = text.replace(entry, `$1"${target}"`);
  }
  return text;
}

if (import.meta.main) {
  const [flag, ...rest] = Deno.args;
  if ((flag !== undefined && flag !== "--local") || rest.length > 0) {
    console.error(`Cannot use ${Deno.args.join(" ")}: expected nothing, or --local`);
    Deno.exit(2);
  }
  const file = new URL("../deno.json", import.meta.url);
  const to = flag === "--local" ? LOCAL : JSR;
  await Deno.writeTextFile(file, pointStd(await Deno.readTextFile(file), to));
  for (const [name, target] of Object.entries(to)) console.log(`${name} -> ${target}`);
}
