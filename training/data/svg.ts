/**
 * As much of SVG as the icon sets use: a tree of elements that can be read, changed and written.
 *
 * @module
 */

/** One element. Text nodes are dropped: icons have none that is drawn. */
export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
}

/** Parses the inside of an `<svg>`; throws SyntaxError when tags do not match. */
export function parseSvg(text: string): Element[] {
  const roots: Element[] = [];
  const stack: { element: Element; children: Element[] }[] = [];
  const source = text.replace(/<!--[\s\S]*?-->/g, "");
  for (
    const [whole, close, tag, attributes, empty] of source.matchAll(
      /<(\/?)([\w:-]+)((?:[^>"]|"[^"]*")*?)(\/?)>/g,
    )
  ) {
    if (close) {
      const top = stack.pop();
      if (top?.element.tag !== tag) {
        throw new SyntaxError(
          `Cannot parse SVG: ${whole} closes ${top?.element.tag}; expected matching tags`,
        );
      }
      continue;
    }
    const children: Element[] = [];
    const element = {
      tag: tag!,
      attributes: Object.fromEntries(
        [...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
      ),
      children,
    };
    (stack.at(-1)?.children ?? roots).push(element);
    if (!empty) stack.push({ element, children });
  }
  return roots;
}

/** Writes a tree back. Every id gets `prefix`, so that two drawings can share one picture. */
export function writeSvg(elements: readonly Element[], prefix = ""): string {
  let text = "";
  for (const { tag, attributes, children } of elements) {
    text += "<" + tag;
    for (const [name, value] of Object.entries(attributes)) {
      let written = value;
      if (prefix !== "") {
        if (name === "id") written = prefix + value;
        else if (name.endsWith("href")) written = value.replace(/^#/, "#" + prefix);
        else written = value.replaceAll("url(#", "url(#" + prefix);
      }
      text += ` ${name}="${written}"`;
    }
    text += children.length === 0 ? "/>" : `>${writeSvg(children, prefix)}</${tag}>`;
  }
  return text;
}

/** A changed copy: `change` is given each element's attributes, parents first. */
export function mapAttributes(
  elements: readonly Element[],
  change: (element: Element) => Readonly<Record<string, string>>,
): Element[] {
  return elements.map((element) => ({
    tag: element.tag,
    attributes: change(element),
    children: mapAttributes(element.children, change),
  }));
}
