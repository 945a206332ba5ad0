export * from "./float16.ts";
export * from "./hub.ts";
export * from "./onnx_model.ts";
export * from "./providers.ts";
export * from "./repository.ts";
export * from "./session.ts";
export * from "./tensor.ts";
export * from "./worker_session.ts";
