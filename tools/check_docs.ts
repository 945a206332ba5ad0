/**
 * Checks that every exported symbol of every package has a doc comment, and every exported function
 * and class an `@example` that asserts something (`deno test --doc` runs them).
 *
 * `deno run -A tools/check_docs.ts`
 */
const PACKAGES = ["schedulers", "guidance", "models", "pipelines"];

interface DocNode {
  readonly name: string;
  readonly location?: { readonly filename: string; readonly line: number };
  readonly declarations?: readonly Declaration[];
}
interface Declaration {
  readonly kind: string;
  readonly declarationKind?: string;
  readonly location?: { readonly filename: string; readonly line: number };
  readonly jsDoc?: {
    readonly doc?: string;
    readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
  };
}

const problems: string[] = [];
let symbols = 0;
for (const name of PACKAGES) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", `packages/${name}/mod.ts`],
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const parsed = JSON.parse(new TextDecoder().decode(stdout));
  const nodes: DocNode[] = Object.values<{ symbols: DocNode[] }>(parsed.nodes)
    .flatMap((module) => module.symbols ?? []);
  if (nodes.length === 0) throw new Error(`Cannot read deno doc of ${name}: no symbols found`);
  for (const node of nodes) {
    symbols++;
    const declarations = node.declarations ?? [];
    const docs = declarations.map((declaration) => declaration.jsDoc);
    const where = `packages/${name}: ${node.name}`;
    if (!docs.some((doc) => doc?.doc)) problems.push(`${where} has no doc comment`);
    const needsExample = declarations.some(({ kind }) => kind === "function" || kind === "class");
    const examples = docs.flatMap((doc) => doc?.tags ?? []).filter(({ kind }) =>
      kind === "example"
    );
    if (needsExample && examples.length === 0) problems.push(`${where} has no @example`);
    for (const { doc = "" } of examples) {
      if (!/```ts\b/.test(doc)) problems.push(`${where}: its @example has no \`\`\`ts block`);
      else if (!/assert/.test(doc) && !/```ts no-/.test(doc) && !/```ts ignore/.test(doc)) {
        problems.push(`${where}: its @example asserts nothing`);
      }
    }
  }
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} problems in ${symbols} symbols`);
  Deno.exit(1);
}
console.log(`${symbols} exported symbols are documented`);
