import { assertEquals, assertThrows } from "@std/assert";
import { bytes, join, writeNode } from "./_writer.ts";
import { memorySource, ProtobufReader } from "./_protobuf.ts";
import { readOnnxModel } from "./model.ts";

Deno.test("a protobuf reader tells negative integers, lists of them and floats", () => {
  const attributes = { axis: -1, axes: [-2, 3, -(2 ** 31)], alpha: { float: -0.5 } };
  const message = writeNode({ op: "Any", inputs: [], outputs: [], attributes });
  const values: number[] = [];
  for (const node = new ProtobufReader(memorySource(message), 0, message.length); node.next();) {
    if (node.field !== 5) continue;
    for (const attribute = node.message(); attribute.next();) {
      if (attribute.field === 2) values.push(attribute.float());
      else if (attribute.field === 3) values.push(attribute.integer());
      else if (attribute.field === 8) values.push(...attribute.integers());
    }
  }
  assertEquals(values, [-1, -2, 3, -(2 ** 31), -0.5]);
});

Deno.test("a protobuf reader refuses negative lengths and field numbers", () => {
  const minusOne = [...new Array(9).fill(255), 1];
  const negativeLength = new Uint8Array([7 * 8 + 2, ...minusOne]);
  assertThrows(() => readOnnxModel(negativeLength), SyntaxError);
  assertThrows(() => readOnnxModel(bytes(7, negativeLength)), SyntaxError);
  assertThrows(
    () => readOnnxModel(join([new Uint8Array([8, 8]), new Uint8Array(minusOne)])),
    SyntaxError,
  );
});
