/** Whether the tests of this folder are left out: `deno task test:long` runs them. */
export const ignore = Deno.env.get("SHUM_LONG_TESTS") !== "1";
