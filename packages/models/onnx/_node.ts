import type { ProtobufReader } from "./_protobuf.ts";
import type { OnnxNode } from "./_types.ts";

/** An operator's name, with its domain unless it is ONNX's own. */
export function operatorName(domain: string, op: string): string {
  return domain === "" || domain === "ai.onnx" ? op : `${domain}:${op}`;
}

/**
 * Reads a NodeProto.
 *
 * @param readAttribute Is given each AttributeProto, to read what it wants of it.
 */
export function readNode(
  node: ProtobufReader,
  readAttribute: (attribute: ProtobufReader) => void,
): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let op = "";
  let domain = "";
  while (node.next()) {
    if (node.field === 1) inputs.push(node.text());
    else if (node.field === 2) outputs.push(node.text());
    else if (node.field === 4) op = node.text();
    else if (node.field === 5) readAttribute(node.message());
    else if (node.field === 7) domain = node.text();
  }
  return { op: operatorName(domain, op), inputs, outputs };
}
