/**
 * Checks that every exported symbol of every package has a doc comment, and every exported function
 * and class an `@example` that asserts something (`deno test --doc` runs them); and that comments keep
 * to one dialect: see `_doc_dialect.ts`.
 *
 * `deno run -A tools/check_docs.ts [--all]`
 *
 * With `--all` it counts, and lists, where packages outside `DIALECT` depart from the dialect, and
 * does not fail for it.
 */
import { parseArgs } from "@std/cli/parse-args";
import { dialectProblems, type FunctionDef, type JsDoc } from "./_doc_dialect.ts";

const PACKAGES = ["schedulers", "guidance", "models", "pipelines"];
/** Packages whose comments must keep to the dialect. */
const DIALECT = ["schedulers", "guidance"];

interface DocNode {
  readonly name: string;
  readonly declarations?: readonly Declaration[];
}
interface Member {
  readonly name?: string;
  readonly jsDoc?: JsDoc;
  readonly accessibility?: string;
}
interface Declaration {
  readonly kind: string;
  readonly jsDoc?: JsDoc;
  readonly def?: FunctionDef & {
    readonly constructors?: readonly Member[];
    readonly methods?: readonly Member[];
    readonly properties?: readonly Member[];
  };
}

const { all } = parseArgs(Deno.args, { boolean: ["all"] });
const problems: string[] = [];
let symbols = 0;
for (const name of PACKAGES) {
  const departures: string[] = [];
  for (const node of await exported(name)) {
    symbols++;
    const where = `packages/${name}: ${node.name}`;
    for (const problem of exampleProblems(node)) problems.push(`${where} ${problem}`);
    for (const problem of departuresOf(node)) departures.push(`${where}${problem}`);
  }
  if (DIALECT.includes(name)) problems.push(...departures);
  else if (all) {
    for (const departure of departures) console.log(departure);
    console.log(`packages/${name} departs from the dialect in ${departures.length} places`);
  }
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} problems in ${symbols} symbols`);
  Deno.exit(1);
}
console.log(`${symbols} exported symbols are documented`);

async function exported(name: string): Promise<readonly DocNode[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", `packages/${name}/mod.ts`],
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const parsed = JSON.parse(new TextDecoder().decode(stdout));
  const nodes = Object.values<{ symbols?: DocNode[] }>(parsed.nodes)
    .flatMap(({ symbols = [] }) => symbols);
  if (nodes.length === 0) throw new Error(`Cannot read deno doc of ${name}: no symbols found`);
  return nodes;
}

/** What is missing: the comment, or an example that asserts something. */
function exampleProblems({ declarations = [] }: DocNode): string[] {
  const docs = declarations.map(({ jsDoc }) => jsDoc);
  const examples = docs.flatMap((doc) => doc?.tags ?? []).filter(({ kind }) => kind === "example");
  const problems: string[] = [];
  if (!docs.some((doc) => doc?.doc)) problems.push("has no doc comment");
  const needsExample = declarations.some(({ kind }) => kind === "function" || kind === "class");
  if (needsExample && examples.length === 0) problems.push("has no @example");
  for (const { doc = "" } of examples) {
    if (!/```ts\b/.test(doc)) problems.push("has an @example without a ```ts block");
    else if (!/assert/.test(doc) && !/```ts no-/.test(doc) && !/```ts ignore/.test(doc)) {
      problems.push("has an @example that asserts nothing");
    }
  }
  return problems;
}

/** Where a symbol's comments, those of its members included, depart from the dialect. */
function departuresOf({ declarations = [] }: DocNode): string[] {
  return declarations.flatMap(({ kind, jsDoc, def }) => {
    const own = jsDoc ? dialectProblems(jsDoc, kind === "function" ? def : undefined) : [];
    const { constructors = [], methods = [], properties = [] } = def ?? {};
    const members = [...constructors, ...methods, ...properties].flatMap((member) =>
      member.jsDoc && member.accessibility !== "private"
        ? dialectProblems(member.jsDoc).map((problem) => `.${member.name}: ${problem}`)
        : []
    );
    return [...own.map((problem) => `: ${problem}`), ...members];
  });
}
