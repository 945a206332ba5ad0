/** A doc comment, as `deno doc --json` gives it. */
export interface JsDoc {
  /** The text before the tags. */
  readonly doc?: string;
  /** The tags, in the order written. */
  readonly tags?: readonly Tag[];
}

interface Tag {
  readonly kind: string;
  readonly name?: string;
  readonly doc?: string;
  readonly tsType?: { readonly repr?: string };
}

/** A parameter; one that is taken apart has no name, and one with a default has it in `left`. */
export interface Parameter {
  readonly kind: string;
  readonly name?: string;
  readonly left?: Parameter;
  readonly arg?: Parameter;
}

/** A function, or a method of a class. */
export interface FunctionDef {
  readonly params?: readonly Parameter[];
  readonly returnType?: { readonly repr?: string };
}

/** The order of tags; others may stand anywhere. */
const ORDER = ["template", "param", "return", "throws", "example"];

/**
 * What keeps a doc comment from the one dialect, which is that of Deno's standard library: a summary,
 * then `@param` for every parameter, `@returns`, `@throws {Type} if ...`, `@example Title`.
 *
 * @param doc The comment.
 * @param definition The function it stands on; absent for everything else.
 * @returns One sentence for each problem.
 */
export function dialectProblems(doc: JsDoc, definition?: FunctionDef): readonly string[] {
  const { tags = [] } = doc;
  const problems: string[] = [];
  const ranks = tags.map(({ kind }) => ORDER.indexOf(kind)).filter((rank) => rank >= 0);
  if (ranks.some((rank, i) => rank < (ranks[i - 1] ?? 0))) {
    problems.push("its tags are not in the order @param, @returns, @throws, @example");
  }
  if (!doc.doc?.trim()) problems.push("it has no summary before its tags");
  if (/^Throws an? /m.test(doc.doc ?? "") || /\. Throws an? /.test(doc.doc ?? "")) {
    problems.push("it says in prose what it throws; expected @throws");
  }
  for (const { kind, doc: text = "", tsType, name } of tags) {
    if (kind === "throws" && !(tsType?.repr && /^if\s/.test(text.trim()))) {
      const said = `{${tsType?.repr ?? ""}} ${text.trim().split("\n")[0]}`;
      problems.push(`it has "@throws ${said}"; expected "@throws {Type} if ..."`);
    }
    if (kind === "example" && /^\s*(```|$)/.test(text)) problems.push("an @example has no title");
    if (kind === "param" && text.trim() === "") problems.push(`@param ${name} says nothing`);
    if (kind === "return" && text.trim() === "") problems.push("@returns says nothing");
  }
  return definition ? [...problems, ...functionProblems(tags, definition)] : problems;
}

function functionProblems(
  tags: readonly Tag[],
  { params = [], returnType }: FunctionDef,
): string[] {
  const problems: string[] = [];
  const named = tags.filter(({ kind }) => kind === "param").map(({ name = "" }) => name);
  const expected = params.map(nameOf);
  // A parameter that is taken apart is called what the comment calls it.
  const fit = expected.length === named.length &&
    expected.every((name, i) => name === undefined || name === named[i]);
  if (!fit) {
    const names = expected.map((name) => name ?? "(any name)").join(", ");
    problems.push(`it has @param for "${named.join(", ")}"; expected "${names}"`);
  }
  const nothing = /^(void|never)$/.test(returnType?.repr ?? "");
  if (!nothing && !tags.some(({ kind }) => kind === "return")) problems.push("it has no @returns");
  return problems;
}

function nameOf({ kind, name, left, arg }: Parameter): string | undefined {
  if (kind === "assign") return left && nameOf(left);
  if (kind === "rest") return arg && nameOf(arg);
  return kind === "identifier" ? name : undefined;
}
