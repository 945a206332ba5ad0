/**
 * Every number that diffusers' scheduler tests pin, and as many again that they do not, reproduced
 * through the public interface. A row that is not has its reason in DIFFERENCES.md; one that is must
 * not be there.
 */
import { assert, assertEquals } from "@std/assert";
import {
  checkBetas,
  checkExtra,
  checkSchedule,
  checkUpstream,
  type Golden,
  upstreamName,
} from "./_golden_rows.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(path, import.meta.url));
const golden: Golden = JSON.parse(read("fixtures/scheduler-golden.json"));
const differences = read("../DIFFERENCES.md");

/** Rows that DIFFERENCES.md gives a reason for: the first cell of a table's line, in backticks. */
const listed = new Set([...differences.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!));

function check(name: string, complaint: () => string | undefined): void {
  Deno.test(`diffusers' number is reproduced, or its absence explained: ${name}`, () => {
    let problem: string | undefined;
    try {
      problem = complaint();
    } catch (error) {
      problem = String(error);
    }
    if (listed.has(name)) assert(problem, "is reproduced; take it off the list in DIFFERENCES.md");
    else assertEquals(problem, undefined);
  });
}

for (const row of golden.upstream) check(upstreamName(row), () => checkUpstream(row));
for (const row of golden.extra) check(row.id, () => checkExtra(row));
for (const row of golden.schedules) check(`schedule ${row.id}`, () => checkSchedule(row));
for (const [name, row] of Object.entries(golden.betas)) {
  check(`betas ${name}`, () => checkBetas(name, row));
}

Deno.test("the golden file holds every row that it was recorded with", () => {
  const { upstream, extra, schedules, betas } = golden;
  assertEquals(
    [upstream.length, extra.length, schedules.length, Object.keys(betas).length],
    [109, 106, 66, 7],
  );
});
