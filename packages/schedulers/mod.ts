export { weightedSum } from "./weighted_sum.ts";
