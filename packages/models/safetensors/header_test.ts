import { assert, assertEquals, assertThrows } from "@std/assert";
import { memorySource } from "../onnx/_protobuf.ts";
import { readSafetensorsHeader } from "./header.ts";
import { readShardIndex } from "./shards.ts";
import { float8Values } from "./_dtypes.ts";
import { pickleReason } from "./_other_formats.ts";
import { safetensorsBytes, zeros } from "./_safetensors_testing.ts";

function read(bytes: Uint8Array) {
  return readSafetensorsHeader(memorySource(bytes));
}

Deno.test("a header gives each tensor's type, shape and place in the file", () => {
  const text = '{"__metadata__":{"format":"pt"},' +
    '"b.weight": {"dtype": "F16", "shape": [2, 3], "data_offsets": [4, 16]} ,' +
    '"a\\u00e9":{"shape":[],"data_offsets":[0,4],"dtype":"F32"},' +
    '"none":{"dtype":"I64","shape":[0,7],"data_offsets":[4,4]}}  ';
  const { tensors, metadata } = read(safetensorsBytes(text, 16));
  const start = 8 + text.length;
  assertEquals([...tensors], [
    ["b.weight", { dtype: "F16", shape: [2, 3], offset: start + 4, length: 12 }],
    ["aé", { dtype: "F32", shape: [], offset: start, length: 4 }],
    ["none", { dtype: "I64", shape: [0, 7], offset: start + 4, length: 0 }],
  ]);
  assertEquals([...metadata], [["format", "pt"]]);
  assertEquals(read(safetensorsBytes("{}", 0)).tensors.size, 0);
});

Deno.test("a header of 640 bytes is not taken for a pickle, whose first bytes are the same", () => {
  const text = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.padEnd(640);
  assertEquals(read(safetensorsBytes(text, 4)).tensors.size, 1);
});

const tensor = (dtype: string, shape: string, offsets: string) =>
  `{"x":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;

for (
  const [title, header, data, expected] of [
    ["whose length does not suit dtype and shape", tensor("F32", "[2]", "[0,4]"), 8, "8 bytes"],
    ["that ends behind the file", tensor("F32", "[2]", "[0,8]"), 7, "cut short"],
    ["that ends before it begins", tensor("F32", "[2]", "[8,0]"), 8, "expected 8 bytes"],
    ["of an unknown type", tensor("F12", "[2]", "[0,8]"), 8, '"F12"; expected one of BOOL'],
    [
      "of a type that is a property of objects",
      tensor("constructor", "[1]", "[0,8]"),
      8,
      "of type",
    ],
    [
      "of more elements than numbers reach",
      tensor("F32", "[999999999,999999999]", "[0,8]"),
      8,
      "hold",
    ],
    ["whose sizes are negative", tensor("F32", "[-1,-2]", "[0,8]"), 8, "expected a whole number"],
    ["whose sizes are fractions", tensor("F32", "[1.5]", "[0,8]"), 8, 'expected "]"'],
    ["whose sizes have exponents", tensor("F32", "[1e3]", "[0,8]"), 8, 'expected "]"'],
    ["with seventeen axes", tensor("F32", `[${Array(17).fill(1)}]`, "[0,4]"), 8, "over 16"],
    ["with three offsets", tensor("F32", "[1]", "[0,4,8]"), 8, "over 2 numbers"],
    ["with one offset", tensor("F32", "[1]", "[0]"), 8, "lacks"],
    ["without a shape", '{"x":{"dtype":"F32","data_offsets":[0,4]}}', 8, "lacks"],
    ["with a key of its own", '{"x":{"dtype":"F32","zip":"y"}}', 8, '"zip"'],
    [
      "named twice",
      `{${tensor("U8", "[1]", "[0,1]").slice(1, -1)},` +
      `${tensor("U8", "[1]", "[1,2]").slice(1)}`,
      2,
      '"x" is there twice',
    ],
    ["nested in a list a million deep", `{"x":${"[".repeat(1e6)}`, 0, 'expected "{"'],
    ["nested in objects a million deep", `{"x":${'{"dtype":'.repeat(1e6)}`, 0, "expected a string"],
  ] as const
) {
  Deno.test(`a tensor ${title} is refused`, () => {
    assertThrows(() => read(safetensorsBytes(header, data)), SyntaxError, expected);
  });
}

Deno.test("tensors that share bytes are refused; gaps are not", () => {
  const pair = (begin: number) =>
    `{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},` +
    `"y":{"dtype":"U8","shape":[4],"data_offsets":[${begin},${begin + 4}]}}`;
  assertThrows(() => read(safetensorsBytes(pair(3), 9)), SyntaxError, '"x" and "y" share bytes');
  assertEquals(read(safetensorsBytes(pair(5), 9)).tensors.size, 2);
});

Deno.test("a header longer than the file, or than 100 MB, is refused before it is read", () => {
  const bytes = safetensorsBytes("{}", 0);
  const view = new DataView(bytes.buffer);
  for (
    const [length, expected] of [[3n, "3 bytes and"], [100_000_001n, "at most"], [
      2n ** 64n - 1n,
      "at most",
    ]] as const
  ) {
    view.setBigUint64(0, length, true);
    assertThrows(() => read(bytes), SyntaxError, expected);
  }
  const huge = { size: 8 + 4 * 2 ** 30, byte: () => 0, close() {} };
  const read8 = (offset: number, length: number) => {
    assert(offset + length <= 32, "the header was read");
    const head = new Uint8Array(32);
    new DataView(head.buffer).setBigUint64(0, 4n * 2n ** 30n, true);
    return head.subarray(offset, offset + length);
  };
  assertThrows(() => readSafetensorsHeader({ ...huge, read: read8 }), SyntaxError, "at most");
});

Deno.test("other formats are refused with what they are", () => {
  const file = (start: string) => Uint8Array.from(start.padEnd(64), (sign) => sign.charCodeAt(0));
  for (
    const [start, expected] of [
      ["PK\x03\x04\x14\x00", "a zip archive"],
      ["PK\x03\x04\x14\x00", "can run any code"],
      ["\x80\x02}q\x00", "a Python pickle"],
      ["GGUF\x03\0\0\0", "a GGUF file"],
      ["version https://git-lfs.github.com/spec/v1", "git lfs pull"],
      ["<!DOCTYPE html>", "a web page"],
      ["", "its header is said to have"],
    ] as const
  ) assertThrows(() => read(file(start)), SyntaxError, expected);
  assertThrows(() => read(new Uint8Array(3)), SyntaxError, "it has 3 bytes");
  for (const name of ["model.ckpt", "pytorch_model.bin", "a.PT"]) {
    assert(pickleReason(name)!.includes("can run any code"));
  }
  assertEquals(pickleReason("model.safetensors"), undefined);
});

Deno.test("ten thousand damaged headers are read or refused, and what is read lies in the file", () => {
  const whole = zeros({
    a: ["F32", [2, 3]],
    "b.c": ["F16", [4]],
    d: ["I64", []],
    e: ["BF16", [0]],
  });
  let state = 1;
  const random = (below: number) => {
    state = Math.imul(state, 1664525) + 1013904223 | 0; // Numerical Recipes' generator
    return (state >>> 8) % below;
  };
  const signs = '{}[]",:0123456789-.eE\\ \0\xff\u0080aFdtype';
  let refused = 0;
  for (let i = 0; i < 10_000; i++) {
    let bytes = whole.slice();
    for (let n = random(3); n >= 0; n--) {
      const at = random(bytes.length);
      const kind = random(4);
      if (kind === 0) bytes[at] = signs.charCodeAt(random(signs.length));
      else if (kind === 1) bytes[at]! ^= 1 << random(8);
      else if (kind === 2) bytes = bytes.slice(0, at);
      else bytes = bytes.slice(0, at + random(9)).slice(random(3) === 0 ? random(at + 1) : 0);
      if (bytes.length === 0) break;
    }
    try {
      for (const { offset, length, shape } of read(bytes).tensors.values()) {
        assert(offset >= 8 && offset + length <= bytes.length && shape.length <= 16);
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      refused++;
    }
  }
  assert(refused > 5000 && refused < 10_000, `${refused} refused`);
});

Deno.test("an index of shards names plain files beside it", () => {
  const index = {
    weight_map: { a: "m-1.safetensors", b: "m-2.safetensors", c: "m-1.safetensors" },
  };
  assertEquals([...readShardIndex(index)], [
    ["m-1.safetensors", ["a", "c"]],
    ["m-2.safetensors", ["b"]],
  ]);
  for (
    const file of [
      "../m.safetensors",
      "/m.safetensors",
      "x/m.safetensors",
      "m.bin",
      ".safetensors",
      "a\\b.safetensors",
      3,
      null,
    ]
  ) {
    assertThrows(() => readShardIndex({ weight_map: { a: file } }), SyntaxError, "plain name");
  }
  for (const bad of [null, [], {}, { weight_map: [] }, { weight_map: "x" }]) {
    assertThrows(() => readShardIndex(bad), SyntaxError, "weight_map");
  }
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [i, `m${i}.safetensors`]));
  assertThrows(() => readShardIndex({ weight_map: many }), SyntaxError, "over 1000 files");
});

Deno.test("bytes of float8 have the values of its paper's table 1", () => {
  const e4m3 = float8Values("F8_E4M3");
  const e5m2 = float8Values("F8_E5M2");
  // Largest, smallest normal, largest and smallest below it, one, minus zero.
  const places = [
    0b0_1111_110,
    0b0_0001_000,
    0b0_0000_111,
    0b0_0000_001,
    0b0_0111_000,
    0b1_0000_000,
  ];
  assertEquals(places.map((at) => e4m3[at]), [448, 2 ** -6, 7 * 2 ** -9, 2 ** -9, 1, -0]);
  assertEquals([e4m3[127], e4m3[255], e4m3[0b1_1111_110]], [NaN, NaN, -448]);
  const others = [
    0b0_11110_11,
    0b0_00001_00,
    0b0_00000_11,
    0b0_00000_01,
    0b0_01111_00,
    0b1_11111_00,
  ];
  assertEquals(others.map((at) => e5m2[at]), [
    57344,
    2 ** -14,
    3 * 2 ** -16,
    2 ** -16,
    1,
    -Infinity,
  ]);
});
