/** A block of TypeScript in a text. */
export interface Block {
  /** The line of its first statement, from 1. */
  readonly line: number;
  readonly code: string;
}

/**
 * The TypeScript blocks of a Markdown text. What a block takes for granted may be declared in a comment
 * right before it, which readers do not see: `<!-- given: declare const x: number; -->`.
 */
export function blocksOf(markdown: string): readonly Block[] {
  const pattern =
    /(?:^<!-- given: ([^]*?) -->\n\n?)?^([ \t]*)```(?:ts|typescript)\b[^\n]*\n([^]*?)^\2```/gm;
  return [...markdown.matchAll(pattern)].map(([whole, given = "", indent, code], i, all) => {
    const before = markdown.slice(0, all[i]!.index + whole.indexOf("```"));
    const lines = code!.split("\n").map((line) => line.replace(indent!, "")).join("\n");
    return { line: before.split("\n").length + 1, code: `${given}\n${lines}` };
  });
}
