/**
 * `@shum/models/web`: models in a page, run by onnxruntime-web, their files fetched and kept.
 *
 * @module
 */
export { web, type WebOptions } from "./engine.ts";
export {
  cachedBytes,
  emptyCache,
  type FileProgress,
  type WebFiles,
  webFiles,
  type WebFilesOptions,
} from "./web_files.ts";
