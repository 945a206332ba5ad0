export { weightedSum } from "./weighted_sum.ts";
export { type Gaussian, gaussianNoise } from "./gaussian.ts";
export { type TorchRandom, torchRandom } from "./torch_random.ts";
export { numpyRandom } from "./numpy_random.ts";
export { philoxRandom } from "./philox_random.ts";
export { brownianNoise } from "./brownian.ts";
