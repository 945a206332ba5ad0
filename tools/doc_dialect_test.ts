import { assertEquals } from "@std/assert";
import { dialectProblems, type FunctionDef, type JsDoc } from "./_doc_dialect.ts";

const definition: FunctionDef = {
  params: [
    { kind: "identifier", name: "x" },
    { kind: "assign", left: { kind: "object" } },
    { kind: "assign", left: { kind: "identifier", name: "begin" } },
  ],
  returnType: { repr: "number" },
};
const x = { kind: "param", name: "x", doc: "The sample." };
const options = { kind: "param", name: "options", doc: "How." };
const begin = { kind: "param", name: "begin", doc: "Where." };
const returns = { kind: "return", doc: "Its norm." };
const throws = { kind: "throws", tsType: { repr: "RangeError" }, doc: "if it is empty." };
const example = { kind: "example", doc: "Two numbers\n```ts\n```" };
const good: JsDoc = { doc: "A norm.\n", tags: [x, options, begin, returns, throws, example] };

Deno.test("dialectProblems() accepts std's order", () => {
  assertEquals(dialectProblems(good, definition), []);
});

Deno.test("dialectProblems() wants neither parameters nor a result of what is no function", () => {
  assertEquals(dialectProblems({ doc: "A type.", tags: [example] }), []);
});

const ORDER = "its tags are not in the order @param, @returns, @throws, @example";
const bad: Readonly<Record<string, readonly [doc: JsDoc, problem: string]>> = {
  "an example before what is thrown": [
    { ...good, tags: [x, options, begin, returns, example, throws] },
    ORDER,
  ],
  "a result before a parameter": [{ ...good, tags: [x, options, returns, begin] }, ORDER],
  "a parameter that is not named": [
    { ...good, tags: [x, options, returns] },
    'it has @param for "x, options"; expected "x, (any name), begin"',
  ],
  "a parameter by a wrong name": [
    { ...good, tags: [{ ...x, name: "y" }, options, begin, returns] },
    'it has @param for "y, options, begin"; expected "x, (any name), begin"',
  ],
  "a parameter without a word": [
    { ...good, tags: [{ ...x, doc: "" }, options, begin, returns] },
    "@param x says nothing",
  ],
  "no result": [{ ...good, tags: [x, options, begin] }, "it has no @returns"],
  "no summary": [{ tags: [x, options, begin, returns] }, "it has no summary before its tags"],
  "an error without a condition": [
    { ...good, tags: [x, options, begin, returns, { ...throws, doc: "When empty." }] },
    'it has "@throws {RangeError} When empty."; expected "@throws {Type} if ..."',
  ],
  "an error without a type": [
    { ...good, tags: [x, options, begin, returns, { kind: "throws", doc: "if it is empty." }] },
    'it has "@throws {} if it is empty."; expected "@throws {Type} if ..."',
  ],
  "an error in prose": [
    { ...good, doc: "A norm.\n\nThrows a `RangeError` if it is empty." },
    "it says in prose what it throws; expected @throws",
  ],
  "an example without a title": [
    { ...good, tags: [x, options, begin, returns, { kind: "example", doc: "```ts\n```" }] },
    "an @example has no title",
  ],
};
for (const [title, [doc, problem]] of Object.entries(bad)) {
  Deno.test(`dialectProblems() finds ${title}`, () => {
    assertEquals(dialectProblems(doc, definition), [problem]);
  });
}

Deno.test("dialectProblems() wants no @returns of a function that returns nothing", () => {
  assertEquals(dialectProblems({ doc: "Acts." }, { returnType: { repr: "void" } }), []);
});
